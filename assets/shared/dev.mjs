// While working on the pages: serves what each folder's build/ has as the server would, and passes all else on to a server
// that runs, http://127.0.0.1:8080 unless HIREGRAPH_URL names another. `npx vite build --watch` beside it rebuilds.
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';

const target = new URL(process.env.HIREGRAPH_URL ?? 'http://127.0.0.1:8080');
const port = Number(process.env.PORT ?? 8081);
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };
// The same as in src/http/graphiql.rs and src/http/console.rs.
const PAGES = {
  graphiql: {
    at: '/',
    policy:
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self'; connect-src 'self'; " +
      "img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  },
  console: {
    at: '/console',
    policy:
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
      "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  },
};

function passOn(incoming, outgoing) {
  const { method, headers, url } = incoming;
  const options = { method, headers: { ...headers, host: target.host }, host: target.hostname, port: target.port, path: url };
  const passed = request(options, answer => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on('error', error => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end(String(error))));
  outgoing.on('close', () => passed.destroy());
  incoming.pipe(passed);
}

const server = createServer(async (incoming, outgoing) => {
  const { pathname } = new URL(incoming.url, 'http://localhost');
  const folder = /^\/assets\/(graphiql|console)\/[\w.-]+$/.exec(pathname)?.[1];
  const page = folder ?? Object.keys(PAGES).find(name => PAGES[name].at === pathname);
  if (!page) return passOn(incoming, outgoing);
  const file = folder ? pathname : '/index.html';
  try {
    const content = await readFile(new URL(`../${page}/build${file}`, import.meta.url));
    const type = TYPES[file.split('.').pop()] ?? 'application/octet-stream';
    const headers = { 'content-type': type, 'content-security-policy': PAGES[page].policy, 'cache-control': 'no-cache' };
    outgoing.writeHead(200, headers).end(content);
  } catch {
    outgoing.writeHead(404).end();
  }
});
server.listen(port, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  console.log(`${url}/ and ${url}/console`);
});
