// Who looks, what may be done, and how a page asks. A refused key leads back to the key's entry from everywhere.
import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';

import { ask, follow } from './graph.js';

/** `{ key, viewer, refused(), notify(text, tone) }` */
export const Session = createContext(null);

export function useSession() {
  return useContext(Session);
}

/** Whether the key has a scope; ADMIN includes every other. */
export function useMay(scope) {
  const { scopes } = useSession().viewer;
  return scopes.includes(scope) || scopes.includes('ADMIN');
}

/**
 * `{ data, error, loading, again }`. What was there stays while it is asked anew, `loading` says so. `every(data)` is the
 * pause in milliseconds before it is asked again, or nothing; a page that nobody sees does not ask.
 */
export function useQuery(query, variables, every) {
  const { key, refused } = useSession();
  const [state, setState] = useState({ loading: true });
  const asked = JSON.stringify(variables ?? {});
  const pause = useRef(every);
  pause.current = every;
  const again = useRef(() => {});

  useEffect(() => {
    const stop = new AbortController();
    let timer;
    async function run() {
      clearTimeout(timer);
      setState(before => ({ ...before, loading: true }));
      let data;
      try {
        data = await ask(key, query, JSON.parse(asked), stop.signal);
        setState({ data, loading: false });
      } catch (error) {
        if (error.name === 'AbortError') return;
        if (error.code === 'UNAUTHENTICATED') return refused();
        setState(before => ({ data: before.data, error, loading: false }));
      }
      const wait = pause.current?.(data);
      if (wait && !stop.signal.aborted) timer = setTimeout(seen, wait);
    }
    function seen() {
      if (!document.hidden) run();
      else document.addEventListener('visibilitychange', run, { once: true, signal: stop.signal });
    }
    again.current = run;
    run();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, query, asked]);

  return { ...state, again: useCallback(() => again.current(), []) };
}

/** What a subscription told last, while `active`. A lost connection is made again; the page's polling bridges it. */
export function useFollow(query, variables, active) {
  const { key, refused } = useSession();
  const [told, setTold] = useState();
  const asked = JSON.stringify(variables);

  useEffect(() => {
    if (!active) return undefined;
    const stop = new AbortController();
    let timer;
    async function run() {
      try {
        await follow(key, query, JSON.parse(asked), stop.signal, setTold);
      } catch (error) {
        if (stop.signal.aborted) return;
        if (error.code === 'UNAUTHENTICATED') return refused();
        if (error.code === 'UNREACHABLE') timer = setTimeout(run, 3000);
      }
    }
    run();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, query, asked, active]);

  return told;
}

/**
 * `[busy, act, problem]`. `act(variables, done)` runs a mutation of one field, tells what became of it, and gives its payload,
 * or nothing when it failed or was refused. `done` is a text, or makes one of the payload. With `here` the caller shows the
 * `problem` itself: a dialog lies above what is told elsewhere.
 */
export function useAct(mutation, { here = false } = {}) {
  const { key, refused, notify } = useSession();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState();
  const fail = text => (here ? setProblem(text) : notify(text, 'bad'));

  async function act(variables, done) {
    setBusy(true);
    setProblem(undefined);
    try {
      const [payload] = Object.values(await ask(key, mutation, variables));
      if (payload.userErrors?.length) {
        const words = payload.userErrors.map(error => [error.message, error.vendorMessage].filter(Boolean).join(': '));
        fail(words.join('; '));
        return undefined;
      }
      const text = typeof done === 'function' ? done(payload) : done;
      if (text) notify(text, 'good');
      return payload;
    } catch (error) {
      if (error.code === 'UNAUTHENTICATED') refused();
      else fail(error.message);
      return undefined;
    } finally {
      setBusy(false);
    }
  }

  return [busy, act, problem];
}

/** Pages of a connection: the arguments for the query, and what the pager needs. A change of `about` begins anew. */
export function usePages(first, about = '') {
  const [state, setState] = useState({ about, cursors: [] });
  const cursors = state.about === about ? state.cursors : [];
  const set = next => setState({ about, cursors: next });
  return {
    variables: { first, after: cursors.at(-1) ?? null },
    number: cursors.length + 1,
    older: pageInfo => set([...cursors, pageInfo.endCursor]),
    newer: () => set(cursors.slice(0, -1)),
  };
}
