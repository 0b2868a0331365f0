// The key's entry: the first page without a key, and where a refused one leads back to.
import { useEffect, useRef, useState } from 'preact/hooks';

import { Icon, Logo } from './parts.jsx';

const MAKE_A_KEY = 'hiregraph keys create --name console --scopes ADMIN';

export function SignIn({ value, failure, busy, onEnter, onForget }) {
  const [draft, setDraft] = useState(value);
  const field = useRef();
  const refused = failure?.code === 'UNAUTHENTICATED';

  useEffect(() => {
    document.title = 'Sign in · Hiregraph console';
    field.current?.focus();
  }, [refused]);

  function submit(event) {
    event.preventDefault();
    const key = draft.trim();
    if (key) onEnter(key);
    else field.current.focus();
  }

  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit} autocomplete="off" noValidate>
        <Logo />
        <h1>Operator’s console</h1>
        <p class="faint">Enter an API key or an access token. It stays in this tab, and is gone when the tab closes.</p>
        <label for="key">API key</label>
        <input
          id="key"
          ref={field}
          type="password"
          value={draft}
          placeholder="hgk_…"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={refused}
          aria-describedby={failure ? 'key-problem' : 'key-hint'}
          onInput={event => setDraft(event.currentTarget.value)}
        />
        {failure && (
          <p id="key-problem" role="alert" class="note bad">
            <Icon name="alert" />
            <span>
              {refused
                ? 'The server does not accept this key: it may be mistyped, revoked or expired.'
                : failure.message}
            </span>
          </p>
        )}
        <button class="primary wide" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
        {value && !busy && (
          <button type="button" class="quiet wide" onClick={() => { setDraft(''); onForget(); }}>
            Forget this key
          </button>
        )}
        <p id="key-hint" class="faint small">
          No key yet? Make one on the server: <code>{MAKE_A_KEY}</code>
        </p>
      </form>
      <p class="small"><a href="./">Open GraphiQL</a></p>
    </main>
  );
}
