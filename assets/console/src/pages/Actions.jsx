// Writes to vendors: all of them or an account's, and the steps of one.
import { useEffect } from 'preact/hooks';

import { Asked, Empty, Facts, Head, Icon, Nowhere, Pager, Section, State, Table, Time } from '../parts.jsx';
import { href } from '../route.js';
import { useAct, useFollow, useMay, usePages, useQuery } from '../session.js';
import { isUnderWay, lasted, number, words } from '../words.js';

const ACTIONS = `query Actions($integration: ID, $first: Int, $after: String) {
  actions(integrationId: $integration, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id kind state createdAt finishedAt
      integration { id name }
      steps { name state attempts }
      userErrors { code message }
    }
  }
}`;
const FIELDS = `id kind state idempotencyKey createdAt finishedAt
  integration { id name connector { slug name } }
  steps { name state attempts error }
  warnings { message field }
  userErrors { code message field vendorMessage retryable }
  candidate { id firstName lastName }
  application { id job { id name } }`;
const ACTION = `query Action($id: ID!) { action(id: $id) { ${FIELDS} } }`;
const FOLLOW = `subscription FollowAction($id: ID!) { action(id: $id) { ${FIELDS} } }`;
const REFRESH = `mutation Refresh($input: RefreshRecordsInput!) {
  refreshRecords(input: $input) { records { id } userErrors { code message vendorMessage } }
}`;

const COLUMNS = [
  ['kind', 'Action', of => <a class="strong" href={href('actions', of.id)}>{words(of.kind)} <span class="unseen">of {of.createdAt}</span></a>],
  ['state', 'State', of => (
    <>
      <State value={of.state} />
      {of.userErrors[0] && <span class="sub why">{of.userErrors[0].message}</span>}
    </>
  )],
  ['integration', 'Account', of => <a href={href('integrations', of.integration.id)}>{of.integration.name}</a>],
  ['steps', 'Steps', of => `${number(of.steps.filter(step => step.state === 'SUCCEEDED').length)} of ${number(of.steps.length)}`],
  ['created', 'Asked for', of => <Time at={of.createdAt} />],
  ['lasted', 'Lasted', of => of.finishedAt ? lasted(of.createdAt, of.finishedAt) : <span class="faint">–</span>],
];

export function ActionsOf({ integration }) {
  const pages = usePages(25);
  const asked = useQuery(ACTIONS, { integration, ...pages.variables }, data =>
    data?.actions.nodes.some(action => isUnderWay(action.state)) ? 1500 : 8000);
  const columns = integration ? COLUMNS.filter(([key]) => key !== 'integration') : COLUMNS;
  return (
    <Asked of={asked}>
      {({ actions }) => actions.nodes.length ? (
        <>
          <div class="card flush"><Table caption="Actions" columns={columns} rows={actions.nodes} /></div>
          <Pager pages={pages} info={actions.pageInfo} />
        </>
      ) : (
        <Empty title="Nothing has been written yet">Candidates, notes, attachments and moves that are written through the graph show here, step by step.</Empty>
      )}
    </Asked>
  );
}

export function ActionsPage() {
  return (
    <>
      <Head title="Actions" lead="Writes to vendors: journaled before they are sent, and never sent twice." />
      <ActionsOf />
    </>
  );
}

export function ActionPage({ id }) {
  const asked = useQuery(ACTION, { id }, data => (isUnderWay(data?.action?.state ?? 'RUNNING') ? 5000 : undefined));
  const known = asked.data?.action;
  const told = useFollow(FOLLOW, { id }, Boolean(known) && isUnderWay(known.state))?.action;
  const ended = told && !isUnderWay(told.state);
  useEffect(() => {
    if (ended) asked.again();
  }, [ended]);
  const back = { href: href('actions'), label: 'Actions' };
  return (
    <Asked of={asked}>
      {({ action }) => action
        ? <Action of={told && isUnderWay(action.state) ? told : action} back={back} again={asked.again} />
        : <><Head title="Action" back={back} /><Nowhere what="action" /></>}
    </Asked>
  );
}

function Action({ of, back, again }) {
  const may = useMay('OPERATE');
  const [busy, act] = useAct(REFRESH);
  const ids = [of.candidate?.id, of.application?.id].filter(Boolean);
  async function refresh() {
    if (await act({ input: { ids } }, 'What it wrote was read anew at the vendor.')) again();
  }
  return (
    <>
      <Head title={words(of.kind)} back={back} badge={<State value={of.state} />} lead={`At ${of.integration.connector.name}, for ${of.integration.name}`}>
        {may && ids.length > 0 && !isUnderWay(of.state) && (
          <button type="button" disabled={busy} onClick={refresh}><Icon name="sync" />{busy ? 'Reading…' : 'Refresh its records'}</button>
        )}
      </Head>
      {of.userErrors.map((error, at) => (
        <div key={at} class="note bad">
          <Icon name="alert" />
          <span>
            {error.message}
            {error.vendorMessage && <span class="sub">The vendor says: {error.vendorMessage}</span>}
            <span class="sub"><code>{error.code}</code>{error.field && <> at <code>{error.field.join('.')}</code></>}{error.retryable && ' · may work when tried again'}</span>
          </span>
        </div>
      ))}
      {of.warnings.map((warning, at) => <p key={at} class="note warn"><Icon name="alert" /><span>{warning.message}</span></p>)}
      <div class="columns">
        <div>
          <Section title="Steps">
            {of.steps.length ? (
              <ol class="steps">
                {of.steps.map((step, at) => (
                  <li key={at} class={step.state.toLowerCase()}>
                    <span class="line"><span class="strong">{words(step.name)}</span><State value={step.state} /></span>
                    <span class="sub">{step.attempts === 1 ? '1 attempt' : `${number(step.attempts)} attempts`}</span>
                    {step.error && <span class="sub why">{step.error}</span>}
                  </li>
                ))}
              </ol>
            ) : <Empty title="Not begun yet" />}
          </Section>
        </div>
        <div>
          <Section title="About">
            <Facts
              of={[
                ['Account', <a href={href('integrations', of.integration.id)}>{of.integration.name}</a>],
                of.candidate && ['Candidate', <>{[of.candidate.firstName, of.candidate.lastName].filter(Boolean).join(' ') || 'without a name'}<code class="id">{of.candidate.id}</code></>],
                of.application && ['Application', <>{of.application.job?.name && `for ${of.application.job.name}`}<code class="id">{of.application.id}</code></>],
                ['Asked for', <Time at={of.createdAt} />],
                ['Ended', <Time at={of.finishedAt} none="not yet" />],
                of.idempotencyKey && ['Idempotency key', <code class="id">{of.idempotencyKey}</code>],
                ['Id', <code class="id">{of.id}</code>],
              ]}
            />
          </Section>
        </div>
      </div>
    </>
  );
}
