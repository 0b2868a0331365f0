// Makes the link by which an end customer connects its account, or connects an invalid one again.
import { useState } from 'preact/hooks';

import { Copyable, Dialog, Field, Time } from '../parts.jsx';
import { useAct, useQuery } from '../session.js';

const CONNECTORS = 'query ConnectorNames { connectors { slug name } }';
const CREATE = `mutation CreateConnectLink($input: CreateConnectLinkInput!) {
  createConnectLink(input: $input) { url expiresAt userErrors { code message field vendorMessage } }
}`;
const LASTS = [['PT1H', 'One hour'], ['P1D', 'One day'], ['P7D', 'One week']];

/** With `integration`, the link connects that one again. */
export function ConnectDialog({ integration, onClose }) {
  const { data } = useQuery(CONNECTORS);
  const [busy, act, problem] = useAct(CREATE, { here: true });
  const [link, setLink] = useState();

  async function create(event) {
    event.preventDefault();
    const given = Object.fromEntries([...new FormData(event.currentTarget)].map(([name, value]) => [name, value.trim() || undefined]));
    const { connector, expiresIn, organizationName, email, originId } = given;
    const endUser = { organizationName: organizationName ?? '', email, originId };
    const input = integration
      ? { integrationId: integration.id, endUser: integration.endUser, expiresIn }
      : { connector, endUser, expiresIn };
    const payload = await act({ input });
    if (payload) setLink(payload);
  }

  const title = integration ? 'Connect the account again' : 'Connect an account';
  if (link) {
    return (
      <Dialog title={title} onClose={onClose}>
        <p>Send this link to your customer. Whoever has it can connect one account, and nothing else.</p>
        <Copyable label="Connect link" value={link.url} />
        <p class="faint small">It ends <Time at={link.expiresAt} />, or when it has been used.</p>
      </Dialog>
    );
  }
  return (
    <Dialog title={title} problem={problem} onClose={onClose}>
      <form onSubmit={create}>
        {integration ? (
          <p>Your customer enters new credentials for {integration.name} on a page of its own; records and ids stay.</p>
        ) : (
          <>
            <Field label="Vendor">
              {id => (
                <select id={id} name="connector" autofocus>
                  <option value="">Let the customer choose</option>
                  {data?.connectors.map(({ slug, name }) => <option key={slug} value={slug}>{name}</option>)}
                </select>
              )}
            </Field>
            <Field label="Organization" hint="Your customer’s name.">
              {(id, hint) => <input id={id} name="organizationName" required maxLength={200} aria-describedby={hint} />}
            </Field>
            <Field label="E-mail (optional)">{id => <input id={id} name="email" type="email" />}</Field>
            <Field label="Your id of the customer (optional)" hint="Comes back as originId.">
              {(id, hint) => <input id={id} name="originId" aria-describedby={hint} />}
            </Field>
          </>
        )}
        <Field label="The link lasts">
          {id => <select id={id} name="expiresIn">{LASTS.map(([value, label]) => <option key={value} value={value}>{label}</option>)}</select>}
        </Field>
        <div class="doing">
          <button class="primary" disabled={busy}>{busy ? 'Creating…' : 'Create the link'}</button>
        </div>
      </form>
    </Dialog>
  );
}
