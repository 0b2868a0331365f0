// The API key of this tab. It lives in sessionStorage, never in localStorage, a cookie or the address bar.
const SLOT = 'hiregraph:key';

/** The key to begin with. `#key=hgk_…` wins, and leaves the address bar and the history entry at once. */
export function initialKey() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get('key')?.trim();
  if (given !== undefined) {
    history.replaceState(history.state, '', location.pathname + location.search);
    if (given) saveKey(given);
  }
  return given || sessionStorage.getItem(SLOT) || '';
}

export function saveKey(key) {
  if (key) sessionStorage.setItem(SLOT, key);
  else sessionStorage.removeItem(SLOT);
}
