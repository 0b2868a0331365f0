// While working on the page: serves build/ as the server would, and passes the graph on to a running one.
// HIREGRAPH_URL names it, http://127.0.0.1:8080 unless set. Rebuild by `npx vite build --watch` beside it.
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';

const target = new URL(process.env.HIREGRAPH_URL ?? 'http://127.0.0.1:8080');
const port = Number(process.env.PORT ?? 8081);
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };
// The same as in src/http/console.rs.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

function passOn(incoming, outgoing) {
  const { method, headers, url } = incoming;
  const options = { method, headers: { ...headers, host: target.host }, host: target.hostname, port: target.port, path: url };
  const passed = request(options, answer => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on('error', error => outgoing.writeHead(502).end(String(error)));
  outgoing.on('close', () => passed.destroy());
  incoming.pipe(passed);
}

createServer(async (incoming, outgoing) => {
  const { pathname } = new URL(incoming.url, 'http://localhost');
  const file = pathname === '/console' ? '/index.html' : pathname;
  if (pathname !== '/console' && !/^\/assets\/console\/[\w.-]+$/.test(pathname)) return passOn(incoming, outgoing);
  try {
    const content = await readFile(new URL(`build${file}`, import.meta.url));
    const type = TYPES[file.split('.').pop()] ?? 'application/octet-stream';
    outgoing.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY, 'cache-control': 'no-cache' }).end(content);
  } catch {
    outgoing.writeHead(404).end();
  }
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/console`));
