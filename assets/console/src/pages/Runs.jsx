// An account's sync runs, the latest first, and a way to begin one of a kind of one's choice.
import { Asked, Empty, Field, Icon, Pager, Section, State, Table, Time } from '../parts.jsx';
import { go, href } from '../route.js';
import { useAct, useMay, usePages, useQuery } from '../session.js';
import { MODELS, isUnderWay, lasted, number, totals, words } from '../words.js';
import { Progress } from './Progress.jsx';

const RUNS = `query SyncRuns($id: ID!, $first: Int, $after: String) {
  integration(id: $id) {
    syncRuns(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id kind state queuedAt startedAt finishedAt
        models { model state fetched created updated unchanged deleted expected error }
      }
    }
  }
}`;
const SYNC = `mutation Sync($input: SyncIntegrationInput!) {
  syncIntegration(input: $input) { alreadyQueued syncRun { id } userErrors { code message vendorMessage } }
}`;

const count = name => run => number(totals(run.models)[name]);

function columns(integration) {
  return [
    ['kind', 'Run', run => <a class="strong" href={href('integrations', integration, 'runs', run.id)}>{words(run.kind)} <span class="unseen">sync of {run.queuedAt}</span></a>],
    ['state', 'State', run => isUnderWay(run.state) ? <Progress run={run} integration={integration} /> : <State value={run.state} />],
    ['began', 'Began', run => <Time at={run.startedAt} none="waiting" />],
    ['lasted', 'Lasted', run => run.startedAt && run.finishedAt ? lasted(run.startedAt, run.finishedAt) : <span class="faint">–</span>],
    ['fetched', 'Read', count('fetched'), 'number'],
    ['created', 'Created', count('created'), 'number'],
    ['updated', 'Updated', count('updated'), 'number'],
    ['deleted', 'Deleted', count('deleted'), 'number'],
  ];
}

export function RunsOf({ integration, again }) {
  const pages = usePages(20);
  const asked = useQuery(RUNS, { id: integration.id, ...pages.variables }, data =>
    data?.integration?.syncRuns.nodes.some(run => isUnderWay(run.state)) ? 1500 : 8000);
  const may = useMay('OPERATE');
  return (
    <>
      {may && integration.state !== 'PAUSED' && <Begin integration={integration} again={again} />}
      <Asked of={asked}>
        {({ integration: found }) => found?.syncRuns.nodes.length ? (
          <>
            <div class="card flush"><Table caption="Sync runs" columns={columns(integration.id)} rows={found.syncRuns.nodes} /></div>
            <Pager pages={pages} info={found.syncRuns.pageInfo} />
          </>
        ) : <Empty title="No sync yet">The first one is queued when an account is connected.</Empty>}
      </Asked>
    </>
  );
}

function Begin({ integration, again }) {
  const [busy, sync] = useAct(SYNC);
  async function begin(event) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const model = form.get('model');
    const input = { integrationId: integration.id, kind: form.get('kind'), models: model ? [model] : undefined };
    const payload = await sync({ input }, ({ alreadyQueued }) => (alreadyQueued ? 'A sync of that kind was waiting already.' : 'The sync is queued.'));
    if (!payload) return;
    again();
    if (payload.syncRun) go('integrations', integration.id, 'runs', payload.syncRun.id);
  }
  return (
    <Section title="Begin a sync">
      <form class="inline" onSubmit={begin}>
        <Field label="Kind">
          {id => (
            <select id={id} name="kind">
              <option value="FULL">Full: everything</option>
              <option value="DELTA">Delta: what changed since the last one</option>
            </select>
          )}
        </Field>
        <Field label="Record types">
          {id => (
            <select id={id} name="model">
              <option value="">All</option>
              {integration.models.map(({ model }) => <option key={model} value={model}>{MODELS[model] ?? words(model)}</option>)}
            </select>
          )}
        </Field>
        <button disabled={busy}><Icon name="sync" />{busy ? 'Queueing…' : 'Begin'}</button>
      </form>
    </Section>
  );
}
