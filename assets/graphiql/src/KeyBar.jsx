import { useState } from 'react';

import { MAKE_A_KEY } from './fetcher.js';

/** The bar on top. A key is taken over on Enter, on leaving the field and on paste, not on every keystroke. */
export function KeyBar({ value, refused, onChange }) {
  const [draft, setDraft] = useState(value);

  function take(text) {
    const next = text.trim();
    setDraft(next);
    if (next !== value) onChange(next);
  }

  function submit(event) {
    event.preventDefault();
    take(draft);
  }

  return (
    <header className="bar">
      <h1>Hiregraph</h1>
      <form onSubmit={submit} autoComplete="off">
        <label htmlFor="key">API key</label>
        <input
          id="key"
          type="password"
          value={draft}
          placeholder="hgk_…"
          autoComplete="off"
          spellCheck={false}
          aria-describedby="key-hint"
          aria-invalid={refused}
          onChange={event => setDraft(event.target.value)}
          onBlur={() => take(draft)}
          onPaste={event => {
            event.preventDefault();
            take(event.clipboardData.getData('text'));
          }}
        />
        <button type="button" disabled={!draft} onClick={() => take('')}>
          Clear
        </button>
        <small id="key-hint">Saved for this tab</small>
      </form>
      <nav aria-label="Elsewhere">
        <a href="./console">Console</a>
        <a href="./schema.graphql">Schema</a>
      </nav>
      {!value && (
        <p role="status">
          You need an API key to look around. Make one on the server, then paste it above: <code>{MAKE_A_KEY}</code>
        </p>
      )}
      {value && refused && (
        <p role="alert">
          The server does not accept this key: it may be mistyped, revoked or expired. To make another:{' '}
          <code>{MAKE_A_KEY}</code>
        </p>
      )}
    </header>
  );
}
