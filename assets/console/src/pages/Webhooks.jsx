// Where customers are told of changes, and what became of each delivery.
import { useState } from 'preact/hooks';

import { Asked, Badge, Code, Dialog, Empty, Facts, Head, Icon, Nowhere, Pager, Section, State, Table, Time } from '../parts.jsx';
import { go, href } from '../route.js';
import { useAct, useMay, usePages, useQuery } from '../session.js';
import { words } from '../words.js';

const ENDPOINTS = `query WebhookEndpoints {
  webhookEndpoints { id url events enabled disabledReason createdAt deliveries(first: 10) { nodes { id state createdAt } } }
}`;
const ENDPOINT = `query WebhookEndpoint($id: ID!, $first: Int, $after: String) {
  node(id: $id) {
    ... on WebhookEndpoint {
      id url events enabled disabledReason createdAt query scopes
      deliveries(first: $first, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { id event state attempts lastStatus lastError createdAt nextAttemptAt payload }
      }
    }
  }
}`;
const REDELIVER = `mutation Redeliver($id: ID!) {
  redeliverWebhook(deliveryId: $id) { delivery { id state } userErrors { code message } }
}`;
const UPDATE = `mutation UpdateWebhookEndpoint($input: UpdateWebhookEndpointInput!) {
  updateWebhookEndpoint(input: $input) { endpoint { id enabled } userErrors { code message } }
}`;
const DELETE = `mutation DeleteWebhookEndpoint($id: ID!) {
  deleteWebhookEndpoint(id: $id) { deletedId userErrors { code message } }
}`;

function Enabled({ of }) {
  return <Badge tone={of.enabled ? 'good' : of.disabledReason ? 'bad' : 'calm'}>{of.enabled ? 'Enabled' : 'Disabled'}</Badge>;
}

function pause(deliveries) {
  return deliveries?.some(delivery => delivery.state === 'PENDING') ? 2000 : 8000;
}

const COLUMNS = [
  ['url', 'Endpoint', of => <a class="strong address" href={href('webhooks', of.id)}>{of.url}</a>],
  ['state', 'State', of => <><Enabled of={of} />{of.disabledReason && <span class="sub why">{of.disabledReason}</span>}</>],
  ['events', 'Events', of => <span class="chips">{of.events.map(event => <span key={event} class="chip">{words(event)}</span>)}</span>],
  ['latest', 'Latest delivery', of => {
    const [latest] = of.deliveries.nodes;
    return latest ? <><State value={latest.state} /><span class="sub"><Time at={latest.createdAt} /></span></> : <span class="faint">none yet</span>;
  }],
];

export function WebhooksPage() {
  const asked = useQuery(ENDPOINTS, {}, data => pause(data?.webhookEndpoints.flatMap(endpoint => endpoint.deliveries.nodes)));
  return (
    <>
      <Head title="Webhooks" lead="Where customers’ systems are told what changed." />
      <Asked of={asked}>
        {({ webhookEndpoints }) => webhookEndpoints.length
          ? <div class="card flush"><Table caption="Webhook endpoints" columns={COLUMNS} rows={webhookEndpoints} /></div>
          : <Empty title="No endpoint yet">Make one by the graph with createWebhookEndpoint; its secret is shown there once.</Empty>}
      </Asked>
    </>
  );
}

export function WebhookPage({ id }) {
  const pages = usePages(25);
  const asked = useQuery(ENDPOINT, { id, ...pages.variables }, data => pause(data?.node?.deliveries?.nodes));
  const back = { href: href('webhooks'), label: 'Webhooks' };
  return (
    <Asked of={asked}>
      {({ node }) => node?.url
        ? <Endpoint of={node} back={back} pages={pages} again={asked.again} />
        : <><Head title="Webhook endpoint" back={back} /><Nowhere what="endpoint" /></>}
    </Asked>
  );
}

function Endpoint({ of, back, pages, again }) {
  const may = useMay('ADMIN');
  const [busy, update] = useAct(UPDATE);
  const [deleting, setDeleting] = useState(false);
  async function toggle() {
    const done = of.enabled ? 'Disabled: nothing is sent until it is enabled.' : 'Enabled: it goes on where it stopped.';
    if (await update({ input: { id: of.id, enabled: !of.enabled } }, done)) again();
  }
  const { nodes, pageInfo } = of.deliveries;
  return (
    <>
      <Head title={of.url} back={back} badge={<Enabled of={of} />}>
        {may && (
          <>
            <button type="button" disabled={busy} onClick={toggle}>
              <Icon name={of.enabled ? 'pause' : 'play'} />{of.enabled ? 'Disable' : 'Enable'}
            </button>
            <button type="button" class="danger" onClick={() => setDeleting(true)}><Icon name="trash" />Delete</button>
          </>
        )}
      </Head>
      {of.disabledReason && <p class="note bad" role="status"><Icon name="alert" /><span>{of.disabledReason}</span></p>}
      <Section title="About">
        <Facts
          of={[
            ['Events', <span class="chips">{of.events.map(event => <span key={event} class="chip">{words(event)}</span>)}</span>],
            ['Scopes', of.scopes.map(words).join(', ') || 'none'],
            ['Made', <Time at={of.createdAt} />],
            ['Id', <code class="id">{of.id}</code>],
          ]}
        />
        {of.query && <Code label="Selection on Change that shapes its payload" text={of.query} />}
      </Section>
      <Section title="Deliveries">
        {nodes.length ? (
          <>
            <ul class="requests" aria-label="Deliveries">
              {nodes.map(delivery => <Delivery key={delivery.id} of={delivery} again={again} may={may} />)}
            </ul>
            <Pager pages={pages} info={pageInfo} />
          </>
        ) : <Empty title="Nothing has been delivered yet">What happens from now on is.</Empty>}
      </Section>
      {deleting && <Deletion of={of} onClose={() => setDeleting(false)} />}
    </>
  );
}

function Delivery({ of, again, may }) {
  const [busy, act] = useAct(REDELIVER);
  const redeliver = async () => (await act({ id: of.id }, 'It is delivered again.')) && again();
  return (
    <li>
      <details>
        <summary>
          <State value={of.state} />
          <span class="strong">{words(of.event)}</span>
          <span class="address faint">{of.lastError ?? (of.lastStatus !== null ? `HTTP ${of.lastStatus}` : '')}</span>
          <span class="faint small when">{of.attempts === 1 ? '1 attempt' : `${of.attempts} attempts`} · <Time at={of.createdAt} /></span>
        </summary>
        <div class="inside">
          <Facts
            of={[
              ['Last status', of.lastStatus ?? 'none'],
              of.lastError && ['Last error', of.lastError],
              of.nextAttemptAt && ['Next attempt', <Time at={of.nextAttemptAt} />],
              ['Id', <code class="id">{of.id}</code>],
            ]}
          />
          {may && <button type="button" disabled={busy} onClick={redeliver}><Icon name="send" />{busy ? 'Sending…' : 'Redeliver'}</button>}
          <Code label="Payload" text={of.payload} />
        </div>
      </details>
    </li>
  );
}

function Deletion({ of, onClose }) {
  const [busy, act, problem] = useAct(DELETE, { here: true });
  const erase = async () => (await act({ id: of.id }, 'The endpoint is deleted.')) && go('webhooks');
  return (
    <Dialog title="Delete the endpoint" problem={problem} onClose={onClose}>
      <p>Nothing more is sent to <code>{of.url}</code>, and what was to be delivered is dropped. It cannot be undone.</p>
      <div class="doing"><button type="button" class="danger filled" disabled={busy} onClick={erase}>{busy ? 'Deleting…' : 'Delete for good'}</button></div>
    </Dialog>
  );
}
