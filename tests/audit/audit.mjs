// Runs every audit of graphql-http against a live server:
//
//   npm ci && node audit.mjs http://127.0.0.1:8080/graphql hgk_…
//
// One line an audit, then the count. Exits 1 unless all pass: MUST, SHOULD and MAY alike.
import { serverAudits } from 'graphql-http';

const [url, token] = process.argv.slice(2);
if (!url) {
  console.error('usage: node audit.mjs <url> [bearer token]');
  process.exit(2);
}

function fetchFn(target, init = {}) {
  const headers = new Headers(init.headers);
  if (token) headers.set('authorization', `Bearer ${token}`);
  return fetch(target, { ...init, headers });
}

let passed = 0;
const audits = serverAudits({ url, fetchFn });
for (const audit of audits) {
  let result;
  try {
    result = await audit.fn();
  } catch (error) {
    result = { status: 'error', reason: String(error?.cause ?? error) };
  }
  const ok = result.status === 'ok';
  if (ok) passed += 1;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${audit.id} ${audit.name}${ok ? '' : `: ${result.reason}`}`);
}
console.log(`${passed} of ${audits.length} audits passed`);
process.exitCode = passed === audits.length ? 0 : 1;
