// What stands around every page: where one can go, who looks, and what has just been done.
import { useEffect, useRef } from 'preact/hooks';

import { Icon, Logo, Nowhere } from './parts.jsx';
import { href, useRoute } from './route.js';
import { useSession } from './session.js';
import { ActionPage, ActionsPage } from './pages/Actions.jsx';
import { ConnectorPage, ConnectorsPage } from './pages/Connectors.jsx';
import { IntegrationPage } from './pages/Integration.jsx';
import { IntegrationsPage } from './pages/Integrations.jsx';
import { RunPage } from './pages/Run.jsx';
import { WebhookPage, WebhooksPage } from './pages/Webhooks.jsx';

const PLACES = [
  ['integrations', 'Integrations', 'plug'],
  ['actions', 'Actions', 'bolt'],
  ['webhooks', 'Webhooks', 'send'],
  ['connectors', 'Connectors', 'grid'],
];

function page([place, id, part, more]) {
  if (place === 'integrations' && part === 'runs' && more) return <RunPage key={more} integration={id} id={more} />;
  if (place === 'integrations' && id) return <IntegrationPage key={id} id={id} part={part ?? 'overview'} />;
  if (place === 'integrations') return <IntegrationsPage />;
  if (place === 'actions' && id) return <ActionPage key={id} id={id} />;
  if (place === 'actions') return <ActionsPage />;
  if (place === 'webhooks' && id) return <WebhookPage key={id} id={id} />;
  if (place === 'webhooks') return <WebhooksPage />;
  if (place === 'connectors' && id) return <ConnectorPage key={id} slug={id} />;
  if (place === 'connectors') return <ConnectorsPage />;
  return <Nowhere what="page" />;
}

export function Shell({ notes, drop, onLeave }) {
  const { viewer } = useSession();
  const route = useRoute();
  const content = useRef();
  const began = useRef(false);

  // After a move a reader's place is the new page's beginning; on the first page it is the document's.
  useEffect(() => {
    if (began.current) {
      content.current.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    began.current = true;
  }, [route.join('/')]);

  return (
    <div class="shell">
      <a class="skip" href="#content" onClick={event => { event.preventDefault(); content.current.focus(); }}>
        Skip to the content
      </a>
      <header class="side">
        <a class="brand" href={href('integrations')}><Logo /></a>
        <nav aria-label="Main">
          <ul>
            {PLACES.map(([place, label, icon]) => (
              <li key={place}>
                <a href={href(place)} aria-current={route[0] === place ? 'page' : undefined}>
                  <Icon name={icon} />
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="who">
          <p>
            <span class="name">{viewer.name}</span>
            <span class="faint small">{viewer.scopes.map(scope => scope.toLowerCase().replaceAll('_', ' ')).join(', ')}</span>
          </p>
          <a class="button quiet" href="./"><Icon name="code" />GraphiQL</a>
          <button type="button" class="quiet" onClick={onLeave}><Icon name="leave" />Sign out</button>
        </div>
      </header>
      <main id="content" ref={content} tabIndex={-1}>
        {page(route)}
      </main>
      <div class="notes" role="status" aria-live="polite">
        {notes.map((note, at) => (
          <p key={at} class={`note ${note.tone}`}>
            <Icon name={note.tone === 'bad' ? 'alert' : 'check'} />
            <span>{note.text}</span>
            <button type="button" class="quiet icon" aria-label="Dismiss" onClick={() => drop(note)}><Icon name="close" /></button>
          </p>
        ))}
      </div>
    </div>
  );
}
