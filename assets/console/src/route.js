// Where we are: `#/integrations/int_x/runs` is ['integrations', 'int_x', 'runs'].
import { useEffect, useState } from 'preact/hooks';

function parts() {
  const path = location.hash.replace(/^#\/?/, '').split('/').filter(Boolean);
  return path.length ? path.map(decodeURIComponent) : ['integrations'];
}

export function useRoute() {
  const [route, setRoute] = useState(parts);
  useEffect(() => {
    const moved = () => setRoute(parts());
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return route;
}

export function href(...path) {
  return `#/${path.map(encodeURIComponent).join('/')}`;
}

export function go(...path) {
  location.hash = href(...path);
}
