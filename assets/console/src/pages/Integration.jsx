// One account: what stands above its parts, and what can be done with it.
import { useState } from 'preact/hooks';

import { Asked, Badge, Dialog, Field, Head, Icon, Nowhere } from '../parts.jsx';
import { go, href } from '../route.js';
import { useAct, useMay, useQuery } from '../session.js';
import { health, isUnderWay, words } from '../words.js';
import { ActionsOf } from './Actions.jsx';
import { ConnectDialog } from './ConnectDialog.jsx';
import { pace } from './Integrations.jsx';
import { Overview } from './Overview.jsx';
import { RequestsOf } from './Requests.jsx';
import { RunsOf } from './Runs.jsx';

const INTEGRATION = `query Integration($id: ID!) {
  integration(id: $id) {
    id name state stateReason createdAt nextSyncAt
    connector { slug name }
    endUser { organizationName email originId }
    syncSettings { interval scope cutoffDate defaultSource }
    lastSync { id kind state queuedAt startedAt finishedAt models { model state fetched expected error } }
    models { model count lastSyncedAt readable error }
    vendorWebhooks { event state lastReceivedAt error }
    customFields { model key label source }
  }
}`;
const SYNC = `mutation Sync($input: SyncIntegrationInput!) {
  syncIntegration(input: $input) { alreadyQueued syncRun { id } userErrors { code message vendorMessage } }
}`;
const UPDATE = `mutation Update($input: UpdateIntegrationInput!) {
  updateIntegration(input: $input) { integration { id state } userErrors { code message vendorMessage } }
}`;
const TEST = `mutation Test($id: ID!) {
  testIntegration(id: $id) { tests { name model passed message fix } userErrors { code message vendorMessage } }
}`;
const DELETE = `mutation Delete($id: ID!) {
  deleteIntegration(id: $id) { deletedId userErrors { code message vendorMessage } }
}`;

const TABS = [['overview', 'Overview'], ['runs', 'Sync runs'], ['requests', 'Vendor requests'], ['actions', 'Actions']];

export function IntegrationPage({ id, part }) {
  const asked = useQuery(INTEGRATION, { id }, data => (data?.integration ? pace([data.integration]) : 8000));
  return (
    <Asked of={asked}>
      {({ integration }) => integration
        ? <Integration of={integration} part={part} again={asked.again} />
        : <><Head title="Integration" back={{ href: href('integrations'), label: 'Integrations' }} /><Nowhere what="integration" /></>}
    </Asked>
  );
}

function Integration({ of, part, again }) {
  const { label, tone, why } = health(of);
  return (
    <>
      <Head
        title={of.name}
        back={{ href: href('integrations'), label: 'Integrations' }}
        badge={<Badge tone={tone}>{label}</Badge>}
        lead={`${of.connector.name} account of ${of.endUser.organizationName}`}
      >
        <Doing of={of} again={again} />
      </Head>
      {why && tone !== 'good' && (
        <p class={`note ${tone}`} role="status"><Icon name="alert" /><span>{why}</span></p>
      )}
      <nav class="tabs" aria-label="Parts of the integration">
        {TABS.map(([name, title]) => (
          <a key={name} href={href('integrations', of.id, name)} aria-current={part === name ? 'page' : undefined}>{title}</a>
        ))}
      </nav>
      {part === 'overview' && <Overview of={of} again={again} />}
      {part === 'runs' && <RunsOf integration={of} again={again} />}
      {part === 'requests' && <RequestsOf integration={of.id} />}
      {part === 'actions' && <ActionsOf integration={of.id} />}
      {!TABS.some(([name]) => name === part) && <Nowhere what="page" />}
    </>
  );
}

function Doing({ of, again }) {
  const may = useMay('OPERATE');
  const [syncing, sync] = useAct(SYNC);
  const [pausing, update] = useAct(UPDATE);
  const [open, setOpen] = useState();
  if (!may) return null;
  const paused = of.state === 'PAUSED';
  const running = of.lastSync && isUnderWay(of.lastSync.state);

  async function syncNow() {
    const told = payload => (payload.alreadyQueued ? 'A sync was waiting already.' : 'A full sync is queued.');
    if (await sync({ input: { integrationId: of.id } }, told)) again();
  }

  async function pause() {
    const done = paused ? 'Syncs go on.' : 'Paused: nothing is read or written until it is resumed.';
    if (await update({ input: { id: of.id, paused: !paused } }, done)) again();
  }

  return (
    <>
      <button type="button" class="primary" disabled={syncing || paused || running} onClick={syncNow}>
        <Icon name="sync" />{running ? 'Syncing…' : 'Sync now'}
      </button>
      <button type="button" disabled={pausing} onClick={pause}>
        <Icon name={paused ? 'play' : 'pause'} />{paused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" onClick={() => setOpen('test')}><Icon name="flask" />Test</button>
      <button type="button" onClick={() => setOpen('link')}><Icon name="link" />Reconnect link</button>
      <button type="button" class="danger" onClick={() => setOpen('delete')}><Icon name="trash" />Delete</button>
      {open === 'test' && <Tests of={of} onClose={() => { setOpen(); again(); }} />}
      {open === 'link' && <ConnectDialog integration={of} onClose={() => setOpen()} />}
      {open === 'delete' && <Deletion of={of} onClose={() => setOpen()} />}
    </>
  );
}

function Tests({ of, onClose }) {
  const [busy, act, problem] = useAct(TEST, { here: true });
  const [tests, setTests] = useState();
  const run = async () => setTests((await act({ id: of.id }))?.tests);
  return (
    <Dialog title="Test the connection" problem={problem} onClose={onClose}>
      <p>Signs in at {of.connector.name} with the stored credentials and asks for a little of each record type.</p>
      {tests && (
        <ul class="tests" aria-label="Results">
          {tests.map(test => (
            <li key={test.name} class={test.passed ? 'good' : 'bad'}>
              <Icon name={test.passed ? 'check' : 'alert'} />
              <span><strong>{words(test.name)}</strong> <span class="unseen">{test.passed ? 'passed' : 'failed'}:</span> {test.message}{test.fix && <span class="sub">{test.fix}</span>}</span>
            </li>
          ))}
        </ul>
      )}
      <div class="doing">
        <button type="button" class="primary" autofocus disabled={busy} onClick={run}>{busy ? 'Testing…' : tests ? 'Test again' : 'Run the tests'}</button>
      </div>
    </Dialog>
  );
}

function Deletion({ of, onClose }) {
  const [busy, act, problem] = useAct(DELETE, { here: true });
  const [typed, setTyped] = useState('');
  async function erase(event) {
    event.preventDefault();
    if (await act({ id: of.id }, `${of.name} is deleted.`)) go('integrations');
  }
  return (
    <Dialog title="Delete the integration" problem={problem} onClose={onClose}>
      <form onSubmit={erase}>
        <p>This erases every record, log and secret of <strong>{of.name}</strong> here. At the vendor nothing is deleted. It cannot be undone.</p>
        <Field label={`Type “${of.name}” to confirm`}>
          {id => <input id={id} value={typed} autofocus autocomplete="off" onInput={event => setTyped(event.currentTarget.value)} />}
        </Field>
        <div class="doing">
          <button class="danger filled" disabled={busy || typed.trim() !== of.name}>{busy ? 'Deleting…' : 'Delete for good'}</button>
        </div>
      </form>
    </Dialog>
  );
}
