import './workers.js';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import './page.css';

import { initialKey, saveKey } from '../../shared/key.js';
import { KeyBar } from './KeyBar.jsx';
import { EXAMPLES } from './examples.js';
import { fetcherFor } from './fetcher.js';

// Beside the documentation explorer, which GraphiQL brings by itself.
const PLUGINS = [HISTORY_PLUGIN];

function App() {
  const [key, setKey] = useState(initialKey);
  const [refused, setRefused] = useState(false);
  // A new fetcher makes GraphiQL read the schema again.
  const fetcher = useMemo(() => fetcherFor(key, setRefused), [key]);

  function change(next) {
    saveKey(next);
    setRefused(false);
    setKey(next);
  }

  return (
    <>
      <KeyBar value={key} refused={refused} onChange={change} />
      <main>
        <GraphiQL
          fetcher={fetcher}
          plugins={PLUGINS}
          defaultTabs={EXAMPLES}
          defaultEditorToolsVisibility="variables"
          isHeadersEditorEnabled={false}
          showPersistHeadersSettings={false}
          inputValueDeprecation
        >
          {/* The bar above has the name already. */}
          <GraphiQL.Logo>{' '}</GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}

createRoot(document.getElementById('root')).render(<App />);
