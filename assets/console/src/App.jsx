// From the key to the page that the address names.
import { useCallback, useEffect, useState } from 'preact/hooks';

import { initialKey, saveKey } from '../../shared/key.js';
import { Shell } from './Shell.jsx';
import { SignIn } from './SignIn.jsx';
import { ask } from './graph.js';
import { Session } from './session.js';

const VIEWER = 'query Viewer { viewer { name scopes expiresAt integrations { id } } }';

export function App() {
  const [key, setKey] = useState(initialKey);
  const [viewer, setViewer] = useState();
  const [failure, setFailure] = useState();
  const [attempt, setAttempt] = useState(0);
  const [notes, setNotes] = useState([]);

  useEffect(() => {
    if (!key) return undefined;
    const stop = new AbortController();
    ask(key, VIEWER, {}, stop.signal).then(
      data => {
        saveKey(key);
        setFailure(undefined);
        setViewer(data.viewer);
      },
      error => error.name !== 'AbortError' && setFailure(error),
    );
    return () => stop.abort();
  }, [key, attempt]);

  const drop = useCallback(note => setNotes(now => now.filter(other => other !== note)), []);

  const notify = useCallback((text, tone) => {
    const note = { text, tone };
    setNotes(now => [...now.slice(-2), note]);
    // A failure stays until it has been read.
    if (tone !== 'bad') setTimeout(drop, 6000, note);
  }, []);

  const refused = useCallback(() => {
    setViewer(undefined);
    setFailure({ code: 'UNAUTHENTICATED' });
  }, []);

  function enter(next) {
    setFailure(undefined);
    setViewer(undefined);
    setKey(next);
    setAttempt(count => count + 1);
  }

  function leave() {
    saveKey('');
    setNotes([]);
    enter('');
  }

  if (!key || failure || !viewer) {
    return <SignIn value={key} failure={failure} busy={Boolean(key) && !failure} onEnter={enter} onForget={leave} />;
  }
  return (
    <Session.Provider value={{ key, viewer, refused, notify }}>
      <Shell notes={notes} drop={drop} onLeave={leave} />
    </Session.Provider>
  );
}
