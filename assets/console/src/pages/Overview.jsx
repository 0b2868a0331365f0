// What is known of one account: its record types, how the vendor calls us, its settings.
import { useState } from 'preact/hooks';

import { Badge, Empty, Facts, Field, Section, State, Table, Time } from '../parts.jsx';
import { href } from '../route.js';
import { useAct, useMay } from '../session.js';
import { MODELS, duration, number, words } from '../words.js';
import { Progress } from './Progress.jsx';

const REFRESH = `mutation Refresh($input: RefreshRecordsInput!) {
  refreshRecords(input: $input) { records { id } userErrors { code message vendorMessage } }
}`;

const MODEL_COLUMNS = [
  ['model', 'Record type', of => <span class="strong">{MODELS[of.model] ?? words(of.model)}</span>],
  ['count', 'Records', of => number(of.count), 'number'],
  ['fresh', 'Fresh as of', of => <Time at={of.lastSyncedAt} none="not yet" />],
  ['health', 'Health', of => (
    <>
      <Badge tone={of.readable ? (of.error ? 'warn' : 'good') : 'bad'}>{of.readable ? (of.error ? 'With errors' : 'Readable') : 'Not readable'}</Badge>
      {of.error && <span class="sub why">{of.error}</span>}
    </>
  )],
];

const WEBHOOK_COLUMNS = [
  ['event', 'Event', of => <code>{of.event}</code>],
  ['state', 'State', of => <><State value={of.state} />{of.error && <span class="sub why">{of.error}</span>}</>],
  ['last', 'Last received', of => <Time at={of.lastReceivedAt} none="never" />],
];

const FIELD_COLUMNS = [
  ['key', 'Key', of => <code>{of.key}</code>],
  ['model', 'Record type', of => MODELS[of.model] ?? words(of.model)],
  ['source', 'Source', of => <code>{of.source}</code>],
];

export function Overview({ of, again }) {
  const { syncSettings: settings, endUser } = of;
  const may = useMay('OPERATE');
  return (
    <div class="columns">
      <div>
        <Section title="Record types">
          <Table compact caption="Record types" columns={MODEL_COLUMNS} rows={of.models} keyOf={row => row.model} />
        </Section>
        <Section title="Vendor webhooks">
          {of.vendorWebhooks.length
            ? <Table compact caption="Vendor webhooks" columns={WEBHOOK_COLUMNS} rows={of.vendorWebhooks} keyOf={row => row.event} />
            : <Empty title="This vendor does not call us">Changes arrive with the syncs.</Empty>}
        </Section>
        {of.customFields.length > 0 && (
          <Section title="Custom fields">
            <Table compact caption="Custom fields" columns={FIELD_COLUMNS} rows={of.customFields} keyOf={row => `${row.model}/${row.key}`} />
          </Section>
        )}
      </div>
      <div>
        <Section title="Sync">
          <Facts
            of={[
              ['Last', <Progress run={of.lastSync} integration={of.id} />],
              ['Next', <Time at={of.nextSyncAt} none={of.state === 'PAUSED' ? 'paused' : 'none'} />],
              ['Interval', duration(settings.interval)],
              ['Scope', words(settings.scope)],
              settings.cutoffDate && ['Since', settings.cutoffDate],
              settings.defaultSource && ['Default source', settings.defaultSource],
            ]}
          />
        </Section>
        <Section title="Account">
          <Facts
            of={[
              ['Vendor', <a href={href('connectors', of.connector.slug)}>{of.connector.name}</a>],
              ['Organization', endUser.organizationName],
              endUser.email && ['E-mail', endUser.email],
              endUser.originId && ['Your id', <code>{endUser.originId}</code>],
              ['Connected', <Time at={of.createdAt} />],
              ['Id', <code class="id">{of.id}</code>],
            ]}
          />
        </Section>
        {may && <Refresh again={again} />}
      </div>
    </div>
  );
}

function Refresh({ again }) {
  const [busy, act] = useAct(REFRESH);
  const [typed, setTyped] = useState('');
  const ids = typed.split(/[\s,]+/).filter(Boolean);
  async function refresh(event) {
    event.preventDefault();
    const done = ({ records }) => `${number(records.length)} ${records.length === 1 ? 'record was' : 'records were'} read at the vendor.`;
    if (await act({ input: { ids } }, done)) {
      setTyped('');
      again();
    }
  }
  return (
    <Section title="Refresh records">
      <form onSubmit={refresh}>
        <Field label="Record ids" hint="Reads them at the vendor now; separate several by blanks.">
          {(id, hint) => <input id={id} value={typed} placeholder="cand_… job_…" spellcheck={false} autocomplete="off" aria-describedby={hint} onInput={event => setTyped(event.currentTarget.value)} />}
        </Field>
        <button disabled={busy || !ids.length}>{busy ? 'Reading…' : 'Refresh'}</button>
      </form>
    </Section>
  );
}
