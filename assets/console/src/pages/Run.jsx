// One sync run, live by subscription while it goes on.
import { useEffect } from 'preact/hooks';

import { Asked, Facts, Head, Icon, Nowhere, Section, State, Table, Time } from '../parts.jsx';
import { href } from '../route.js';
import { useAct, useFollow, useMay, useQuery } from '../session.js';
import { MODELS, isUnderWay, lasted, number, totals, words } from '../words.js';
import { share } from './Progress.jsx';

const FIELDS = `id kind state queuedAt startedAt finishedAt integration { id name }
  models { model state fetched created updated unchanged deleted expected error }`;
const RUN = `query SyncRun($id: ID!) { node(id: $id) { ... on SyncRun { ${FIELDS} } } }`;
const FOLLOW = `subscription FollowSyncRun($id: ID!) { syncRun(id: $id) { ${FIELDS} } }`;
const CANCEL = `mutation CancelSync($id: ID!) {
  cancelSync(syncRunId: $id) { syncRun { id state } userErrors { code message vendorMessage } }
}`;

const COLUMNS = [
  ['model', 'Record type', of => <span class="strong">{MODELS[of.model] ?? words(of.model)}</span>],
  ['state', 'State', of => (
    <>
      {of.state === 'RUNNING' && of.expected ? (
        <progress aria-label={`${words(of.model)} read`} max={Math.max(of.expected, of.fetched)} value={of.fetched} />
      ) : <State value={of.state} />}
      {of.error && <span class="sub why">{of.error}</span>}
    </>
  )],
  ['fetched', 'Read', of => `${number(of.fetched)}${of.expected && of.state === 'RUNNING' ? ` / ${number(of.expected)}` : ''}`, 'number'],
  ...['created', 'updated', 'unchanged', 'deleted'].map(name => [name, words(name), of => number(of[name]), 'number']),
];

export function RunPage({ integration, id }) {
  // Asked again now and then as well: a subscription that cannot be had must not freeze the page.
  const asked = useQuery(RUN, { id }, data => (isUnderWay(data?.node?.state ?? 'RUNNING') ? 5000 : undefined));
  const known = asked.data?.node;
  const told = useFollow(FOLLOW, { id }, Boolean(known) && isUnderWay(known.state))?.syncRun;
  const ended = told && !isUnderWay(told.state);
  useEffect(() => {
    if (ended) asked.again();
  }, [ended]);
  const back = { href: href('integrations', integration, 'runs'), label: 'Sync runs' };
  return (
    <Asked of={asked}>
      {({ node }) => node?.models
        ? <Run of={told && isUnderWay(node.state) ? told : node} back={back} again={asked.again} />
        : <><Head title="Sync run" back={back} /><Nowhere what="sync run" /></>}
    </Asked>
  );
}

function Run({ of, back, again }) {
  const may = useMay('OPERATE');
  const [busy, act] = useAct(CANCEL);
  const runs = isUnderWay(of.state);
  const { fetched, expected } = share(of.models);
  const sum = totals(of.models);
  return (
    <>
      <Head title={`${words(of.kind)} sync of ${of.integration.name}`} back={back} badge={<State value={of.state} />}>
        {runs && may && (
          <button type="button" disabled={busy} onClick={async () => (await act({ id: of.id }, 'The sync is cancelled; what was read stays.')) && again()}>
            <Icon name="close" />Cancel
          </button>
        )}
      </Head>
      {runs && (
        <div class="card going">
          <progress aria-label="Records read" max={expected ?? 1} value={expected ? fetched : undefined} />
          <p>{of.state === 'QUEUED' ? 'Waits for its turn.' : `${number(fetched)}${expected ? ` of ${number(expected)}` : ''} records read`}</p>
        </div>
      )}
      <Section title="Counts">
        <dl class="tiles small">
          {[['Read', sum.fetched], ['Created', sum.created], ['Updated', sum.updated], ['Unchanged', sum.unchanged], ['Deleted', sum.deleted]].map(([name, value]) => (
            <div key={name}><dt>{name}</dt><dd>{number(value)}</dd></div>
          ))}
        </dl>
        {of.models.length > 0 && <Table caption="Record types of the run" columns={COLUMNS} rows={of.models} keyOf={row => row.model} />}
      </Section>
      <Section title="Times">
        <Facts
          of={[
            ['Queued', <Time at={of.queuedAt} />],
            ['Began', <Time at={of.startedAt} none="not yet" />],
            ['Ended', <Time at={of.finishedAt} none="not yet" />],
            of.startedAt && of.finishedAt && ['Lasted', lasted(of.startedAt, of.finishedAt)],
            ['Id', <code class="id">{of.id}</code>],
          ]}
        />
      </Section>
    </>
  );
}
