// All accounts: how each is, how fresh, and what runs.
import { useState } from 'preact/hooks';

import { Asked, Badge, Empty, Head, Icon, Pager, Table, Time } from '../parts.jsx';
import { href } from '../route.js';
import { useMay, usePages, useQuery, useSession } from '../session.js';
import { health, isUnderWay, number } from '../words.js';
import { ConnectDialog } from './ConnectDialog.jsx';
import { Progress } from './Progress.jsx';

const INTEGRATIONS = `query Integrations($first: Int, $after: String) {
  integrations(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id name state stateReason nextSyncAt
      connector { slug name }
      endUser { organizationName }
      lastSync { id kind state queuedAt startedAt finishedAt models { model state fetched expected error } }
      models { model count lastSyncedAt readable error }
    }
  }
}`;

/** An account is as fresh as what was read longest ago. */
export function freshness(models) {
  const times = models.map(model => model.lastSyncedAt);
  return times.every(Boolean) && times.length ? times.sort()[0] : null;
}

export function pace(integrations) {
  return integrations.some(({ lastSync }) => lastSync && isUnderWay(lastSync.state)) ? 1500 : 8000;
}

const COLUMNS = [
  ['name', 'Account', of => (
    <>
      <a class="strong" href={href('integrations', of.id)}>{of.name}</a>
      <span class="sub">{of.connector.name} · {of.endUser.organizationName}</span>
    </>
  )],
  ['state', 'Health', of => {
    const { label, tone, why } = health(of);
    return <><Badge tone={tone}>{label}</Badge>{why && tone !== 'good' && <span class="sub why">{why}</span>}</>;
  }],
  ['records', 'Records', of => number(of.models.reduce((sum, model) => sum + model.count, 0)), 'number'],
  ['fresh', 'Fresh as of', of => <Time at={freshness(of.models)} none="not yet" />],
  ['last', 'Last sync', of => <Progress run={of.lastSync} integration={of.id} />],
  ['next', 'Next sync', of => <Time at={of.nextSyncAt} none={of.state === 'PAUSED' ? 'paused' : 'none'} />],
];

export function IntegrationsPage() {
  const pages = usePages(25);
  const asked = useQuery(INTEGRATIONS, pages.variables, data => pace(data?.integrations.nodes ?? []));
  const [connecting, setConnecting] = useState(false);
  const { viewer } = useSession();
  // A key that sees some integrations alone may not add to them.
  const may = useMay('OPERATE') && !viewer.integrations;
  return (
    <>
      <Head title="Integrations" lead="Your customers’ accounts, one each at its vendor.">
        {may && (
          <button type="button" class="primary" onClick={() => setConnecting(true)}><Icon name="plus" />Connect an account</button>
        )}
      </Head>
      <Asked of={asked}>
        {({ integrations }) => integrations.nodes.length === 0 ? (
          <Empty title="No account is connected yet">
            Make a link that your customer opens to connect its account, or connect one by the graph with createIntegration.
          </Empty>
        ) : (
          <>
            <Summary of={integrations} />
            <div class="card flush">
              <Table caption="Integrations" columns={COLUMNS} rows={integrations.nodes} />
            </div>
            <Pager pages={pages} info={integrations.pageInfo} />
          </>
        )}
      </Asked>
      {connecting && <ConnectDialog onClose={() => setConnecting(false)} />}
    </>
  );
}

function Summary({ of: { nodes, totalCount, pageInfo } }) {
  const tones = nodes.map(node => health(node).tone);
  const count = (...wanted) => tones.filter(tone => wanted.includes(tone)).length;
  const syncing = nodes.filter(node => node.lastSync && isUnderWay(node.lastSync.state)).length;
  const records = nodes.reduce((sum, node) => sum + node.models.reduce((of, model) => of + model.count, 0), 0);
  // Of the page alone, what is counted would be taken for the whole.
  const whole = !pageInfo.hasNextPage && totalCount === nodes.length;
  const tiles = [['Accounts', totalCount, 'calm']];
  if (whole) {
    tiles.push(['Healthy', count('good'), 'good'], ['Need attention', count('bad', 'warn'), count('bad') ? 'bad' : count('warn') ? 'warn' : 'calm']);
    tiles.push(['Syncing now', syncing, syncing ? 'busy' : 'calm'], ['Records', records, 'calm']);
  }
  return (
    <dl class="tiles">
      {tiles.map(([name, value, tone]) => <div key={name} class={tone}><dt>{name}</dt><dd>{number(value)}</dd></div>)}
    </dl>
  );
}
