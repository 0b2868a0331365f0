// A server of its own with both simulated vendors beside it, as processes of the real binary. It waits for what they print
// and for what the graph says, never for time to pass.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BINARY = process.env.HIREGRAPH_BIN ?? join(ROOT, 'target/debug/hiregraph');

/** The longest that a process may take to say that it is there, or to end, in milliseconds. */
const PATIENCE = 30_000;

/** A process, and what it printed. `said(pattern)` resolves with the match as soon as its output has one. */
class Running {
  constructor(args) {
    this.out = '';
    this.err = '';
    this.child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } });
    this.ended = new Promise(resolve => {
      this.child.once('error', error => resolve(error));
      this.child.once('exit', (code, signal) => resolve(code ?? signal));
    });
    this.child.stderr.setEncoding('utf8').on('data', text => (this.err += text));
    this.child.stdout.setEncoding('utf8').on('data', text => {
      this.out += text;
      this.child.emit('said');
    });
    this.ended.then(() => this.child.emit('said'));
  }

  async said(pattern) {
    const late = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
    try {
      return await this.match(pattern);
    } finally {
      clearTimeout(late);
    }
  }

  async match(pattern) {
    for (;;) {
      const found = pattern.exec(this.out);
      if (found) return found;
      const { exitCode, signalCode, pid } = this.child;
      if (exitCode !== null || signalCode !== null || pid === undefined) {
        throw new Error(`${BINARY} ended before it said ${pattern}: ${await this.ended}\n${this.out}${this.err}`);
      }
      await once(this.child, 'said');
    }
  }

  async stop() {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
    await this.ended;
    clearTimeout(late);
  }
}

class Vendor {
  constructor(slug, options) {
    this.slug = slug;
    this.options = options;
    this.port = 0;
  }

  async start(...faults) {
    const { candidates = 30, jobs = 3 } = this.options;
    const args = ['simulate', this.slug, '--listen', `127.0.0.1:${this.port}`, '--candidates', candidates, '--jobs', jobs];
    this.running = new Running([...args, ...faults.flatMap(fault => ['--fault', fault])].map(String));
    const [, url, port, credentials] = await this.running.said(/at (http:\/\/127\.0\.0\.1:(\d+))\ncredentials: (.+)\n/);
    Object.assign(this, { url, port: Number(port), credentials: JSON.parse(credentials) });
  }

  /** The same account at the same address, with other faults. */
  async restart(...faults) {
    await this.running.stop();
    await this.start(...faults);
  }
}

/** Takes what webhooks deliver. `answers` is the status that it answers with. */
class Receiver {
  constructor() {
    this.answers = 204;
    this.received = [];
    this.server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      this.received.push(JSON.parse(Buffer.concat(chunks)));
      response.writeHead(this.answers).end();
    });
  }

  async start() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.host = `127.0.0.1:${this.server.address().port}`;
    this.url = `http://${this.host}/hook`;
  }
}

class World {
  async graph(query, variables, key = this.key) {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(`${query}\n${JSON.stringify(errors, null, 2)}`);
    return data;
  }

  /** An account, of which nothing is left to be synced. */
  async connected(slug, organizationName) {
    const query = `mutation($input: CreateIntegrationInput!) {
      createIntegration(input: $input) { integration { id } userErrors { message } }
    }`;
    const input = { connector: slug, endUser: { organizationName }, credentials: this.vendors[slug].credentials };
    const { createIntegration } = await this.graph(query, { input });
    if (!createIntegration.integration) throw new Error(JSON.stringify(createIntegration.userErrors));
    await this.settled(createIntegration.integration.id);
    return createIntegration.integration.id;
  }

  async settled(integration) {
    const query = '{ integration(id: "ID") { syncRuns(first: 250) { nodes { state } } nextSyncAt } }'.replace('ID', integration);
    await until(`the syncs of ${integration} to end`, async () => {
      const { nodes } = (await this.graph(query)).integration.syncRuns;
      return nodes.length > 0 && nodes.every(({ state }) => state !== 'QUEUED' && state !== 'RUNNING');
    });
  }

  /** The address of a connect page. */
  async link(input, key) {
    const query = 'mutation($input: CreateConnectLinkInput!) { createConnectLink(input: $input) { url userErrors { message } } }';
    const { url, userErrors } = (await this.graph(query, { input }, key)).createConnectLink;
    if (!url) throw new Error(JSON.stringify(userErrors));
    return new URL(url);
  }

  async keyWith(...scopes) {
    const query = 'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { message } } }';
    return (await this.graph(query, { input: { name: 'less', scopes } })).createApiKey.secret;
  }

  async stop() {
    await Promise.all([this.server, ...Object.values(this.vendors).map(vendor => vendor.running)].map(one => one?.stop()));
    this.receiver.server.close();
    this.receiver.server.closeAllConnections();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** `options`: `candidates` and `jobs` of each account. */
export async function world(options = {}) {
  const it = new World();
  it.folder = await mkdtemp(join(tmpdir(), 'hiregraph-browser-'));
  it.receiver = new Receiver();
  it.vendors = { traffit: new Vendor('traffit', options), hrworks: new Vendor('hrworks', options) };
  const { traffit, hrworks } = it.vendors;
  const database = ['--database-url', `sqlite://${it.folder}/hiregraph.db`];
  try {
    const making = new Running(['keys', 'create', ...database, '--name', 'browser', '--scopes', 'ADMIN']);
    const [[key]] = await Promise.all([making.said(/hgk_\w+/), traffit.start(), hrworks.start(), it.receiver.start()]);
    await making.ended;
    it.key = key;
    it.server = new Running([
      ...['serve', '--listen', '127.0.0.1:0', ...database, '--allowed-private-hosts', it.receiver.host],
      ...['--traffit-base-url', traffit.url, '--hrworks-base-url', hrworks.url],
    ]);
    [, it.url] = await it.server.said(/listening on (http:\S+)/);
  } catch (error) {
    await it.stop();
    throw error;
  }
  return it;
}

/** Asks again until it is so. */
export async function until(what, isSo, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} seconds for ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
