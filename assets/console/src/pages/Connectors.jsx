// What each vendor's connector can do, as its manifest says.
import { Asked, Badge, Head, Icon, Marked, Nowhere, Section } from '../parts.jsx';
import { href } from '../route.js';
import { useQuery } from '../session.js';
import { MODELS, number, words } from '../words.js';

const FIELDS = `slug name
  features { key supported note }
  coverage {
    models { model fields { name note } }
    actions { action note inputs { name note } }
    webhookEvents { event covered description }
  }`;
const CONNECTORS = `query Connectors { connectors { ${FIELDS} } }`;
const CONNECTOR = `query Connector($slug: String!) {
  connector(slug: $slug) { ${FIELDS} credentials { key label help secret required } guide { prerequisites } }
}`;

export function ConnectorsPage() {
  const asked = useQuery(CONNECTORS);
  return (
    <>
      <Head title="Connectors" lead="The vendors that this service speaks to, and how much of each it covers." />
      <Asked of={asked}>
        {({ connectors }) => (
          <ul class="cards">
            {connectors.map(of => (
              <li key={of.slug} class="card">
                <h2><a href={href('connectors', of.slug)}>{of.name}</a></h2>
                <dl class="tiles small">
                  {[
                    ['Record types', of.coverage.models.length],
                    ['Fields', of.coverage.models.reduce((sum, model) => sum + model.fields.length, 0)],
                    ['Actions', of.coverage.actions.length],
                    ['Webhook events', of.coverage.webhookEvents.filter(event => event.covered).length],
                  ].map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{number(value)}</dd></div>)}
                </dl>
                <p class="faint small">{of.features.filter(feature => feature.supported).length} of {of.features.length} features</p>
              </li>
            ))}
          </ul>
        )}
      </Asked>
    </>
  );
}

export function ConnectorPage({ slug }) {
  const asked = useQuery(CONNECTOR, { slug });
  const back = { href: href('connectors'), label: 'Connectors' };
  return (
    <Asked of={asked}>
      {({ connector }) => connector
        ? <Connector of={connector} back={back} />
        : <><Head title="Connector" back={back} /><Nowhere what="connector" /></>}
    </Asked>
  );
}

function Fields({ of }) {
  const noted = of.filter(field => field.note);
  return (
    <>
      <p class="chips">{of.map(field => <code key={field.name} class={`chip${field.note ? ' noted' : ''}`}>{field.name}</code>)}</p>
      {noted.length > 0 && (
        <dl class="field-notes">
          {noted.map(field => <div key={field.name}><dt><code>{field.name}</code></dt><dd><Marked text={field.note} /></dd></div>)}
        </dl>
      )}
    </>
  );
}

function Connector({ of: { name, features, coverage, credentials, guide }, back }) {
  return (
    <>
      <Head title={name} back={back} />
      <Section title="Features">
        <ul class="features">
          {features.map(({ key, supported, note }) => (
            <li key={key} class={supported ? 'good' : 'calm'}>
              <Icon name={supported ? 'check' : 'close'} />
              <span><span class="strong">{words(key)}</span><span class="unseen">: {supported ? 'supported' : 'not supported'}</span>{note && <span class="sub"><Marked text={note} /></span>}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Record types" aside={<span class="faint small">{coverage.models.length} read from the vendor</span>}>
        {coverage.models.map(({ model, fields }) => (
          <details key={model} class="fold">
            <summary><span class="strong">{MODELS[model] ?? words(model)}</span><span class="faint small when">{fields.length} fields</span></summary>
            <div class="inside"><Fields of={fields} /></div>
          </details>
        ))}
      </Section>
      <Section title="Actions" aside={<span class="faint small">{coverage.actions.length} written to the vendor</span>}>
        {coverage.actions.map(({ action, note, inputs }) => (
          <details key={action} class="fold">
            <summary><span class="strong">{words(action)}</span><span class="faint small when">{inputs.length} inputs</span></summary>
            <div class="inside">{note && <p><Marked text={note} /></p>}<Fields of={inputs} /></div>
          </details>
        ))}
      </Section>
      <Section title="Webhook events">
        <ul class="features">
          {coverage.webhookEvents.map(({ event, covered, description }) => (
            <li key={event} class={covered ? 'good' : 'calm'}>
              <Icon name={covered ? 'check' : 'close'} />
              <span><code>{event}</code><span class="unseen">: {covered ? 'covered' : 'not covered'}</span><span class="sub">{description}</span></span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Connecting">
        <h3>Credentials</h3>
        <ul class="plain">
          {credentials.map(({ key, label, help, secret, required }) => (
            <li key={key}>
              <span class="strong">{label}</span> {secret && <Badge tone="calm">secret</Badge>} {!required && <Badge tone="calm">optional</Badge>}
              {help && <span class="sub"><Marked text={help} /></span>}
            </li>
          ))}
        </ul>
        {guide.prerequisites.length > 0 && (
          <>
            <h3>Prerequisites</h3>
            <ul class="plain">{guide.prerequisites.map(text => <li key={text}><Marked text={text} /></li>)}</ul>
          </>
        )}
      </Section>
    </>
  );
}
