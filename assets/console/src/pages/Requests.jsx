// What was asked of the vendor and what it asked of us, secrets and personal data already taken out by the graph.
import { useState } from 'preact/hooks';

import { Asked, Badge, Code, Empty, Field, Pager, Time } from '../parts.jsx';
import { href } from '../route.js';
import { usePages, useQuery } from '../session.js';
import { words } from '../words.js';

const REQUESTS = `query VendorRequests($id: ID!, $filter: VendorRequestFilter, $first: Int, $after: String) {
  integration(id: $id) {
    vendorRequests(filter: $filter, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id direction at durationMs method url status requestBody responseBody error
        syncRun { id kind }
        action { id kind }
      }
    }
  }
}`;

function fails({ status, error }) {
  return Boolean(error) || (status !== null && status >= 400);
}

export function RequestsOf({ integration }) {
  const [direction, setDirection] = useState('');
  const [failedOnly, setFailedOnly] = useState(false);
  const filter = { direction: direction || undefined, failedOnly: failedOnly || undefined };
  const pages = usePages(25, JSON.stringify(filter));
  const asked = useQuery(REQUESTS, { id: integration, filter, ...pages.variables }, () => (pages.number === 1 ? 5000 : undefined));
  return (
    <>
      <form class="inline filters" onSubmit={event => event.preventDefault()}>
        <Field label="Direction">
          {id => (
            <select id={id} value={direction} onChange={event => setDirection(event.currentTarget.value)}>
              <option value="">Both</option>
              <option value="OUTGOING">To the vendor</option>
              <option value="INCOMING">From the vendor</option>
            </select>
          )}
        </Field>
        <label class="tick">
          <input type="checkbox" checked={failedOnly} onChange={event => setFailedOnly(event.currentTarget.checked)} />
          Failed only
        </label>
      </form>
      <Asked of={asked}>
        {({ integration: found }) => found?.vendorRequests.nodes.length ? (
          <>
            <ul class="card flush requests" aria-label="Vendor requests">
              {found.vendorRequests.nodes.map(request => <Request key={request.id} of={request} integration={integration} />)}
            </ul>
            <Pager pages={pages} info={found.vendorRequests.pageInfo} />
          </>
        ) : (
          <Empty title={failedOnly ? 'No request failed' : 'No requests yet'}>
            {failedOnly ? 'What went well is shown without the filter.' : 'They are kept for a while from the first sync on.'}
          </Empty>
        )}
      </Asked>
    </>
  );
}

function Request({ of, integration }) {
  const tone = fails(of) ? 'bad' : of.status === null ? 'calm' : 'good';
  return (
    <li>
      <details>
        <summary>
          <Badge tone={tone}>{of.status ?? 'no answer'}</Badge>
          <span class="method">{of.direction === 'INCOMING' ? '← ' : '→ '}<span class="unseen">{of.direction === 'INCOMING' ? 'from' : 'to'} the vendor: </span>{of.method}</span>
          <code class="address">{of.url}</code>
          <span class="faint small when">{of.durationMs !== null && `${of.durationMs} ms · `}<Time at={of.at} /></span>
        </summary>
        <div class="inside">
          {of.error && <p class="note bad"><span>{of.error}</span></p>}
          <p class="small">
            {of.syncRun && <a href={href('integrations', integration, 'runs', of.syncRun.id)}>{words(of.syncRun.kind)} sync</a>}
            {of.action && <a href={href('actions', of.action.id)}>{words(of.action.kind)}</a>}
            {!of.syncRun && !of.action && <span class="faint">Of no sync and no action.</span>}
          </p>
          {of.requestBody && <Code label="Request body" text={of.requestBody} />}
          {of.responseBody && <Code label="Response body" text={of.responseBody} />}
          {!of.requestBody && !of.responseBody && <p class="faint small">No body was kept.</p>}
        </div>
      </details>
    </li>
  );
}
