// GraphiQL at `/`: the key, a query, a subscription, the schema.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, look, tab } from './browser.mjs';
import { world } from './world.mjs';

let it;
let browser;
let hrworks;

before(async () => {
  it = await world();
  browser = await launch();
  hrworks = await it.connected('hrworks', 'Muster GmbH');
});

after(() => Promise.all([it?.stop(), browser?.close()]));

async function enter(page, key) {
  await page.getByLabel('API key').fill(key);
  await page.getByLabel('API key').press('Enter');
}

/** Waits for a text in an editor, which draws blanks as such that do not break. */
function shows(page, editor, text) {
  const has = ([where, wanted]) => document.querySelector(where)?.textContent.replaceAll('\u00a0', ' ').includes(wanted);
  return page.waitForFunction(has, [editor, text]);
}

const answered = (page, text) => shows(page, '.graphiql-response', text);

/** Opens a tab; not before there is an editor to put its query into. */
async function open(page, name) {
  await shows(page, '.graphiql-query-editor .view-lines', '{');
  await page.getByRole('button', { name, exact: true }).click();
  await shows(page, '.graphiql-query-editor .view-lines', name);
}

/** Does nothing before both editors are there. */
async function execute(page) {
  await shows(page, '.graphiql-query-editor .view-lines', '{');
  await page.locator('.graphiql-response .view-lines').waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Execute query' }).click();
}

test('a key that is refused is said to be so', async () => {
  const page = await tab(browser, it.url);
  await page.getByText('You need an API key to look around').waitFor();
  await enter(page, 'hgk_wrong');
  await page.getByRole('alert').getByText('does not accept this key').waitFor();
  await page.finish();
});

test('a query is answered, and the key survives a reload, in this tab only', async () => {
  const page = await tab(browser, it.url);
  await enter(page, it.key);
  await open(page, 'Integrations');
  await execute(page);
  await answered(page, '"name": "Muster GmbH at HR WORKS"');
  await look(page, 'graphiql', ['light']);
  await page.reload();
  assert.equal(await page.getByLabel('API key').inputValue(), it.key);
  await execute(page);
  await answered(page, '"state": "ACTIVE"');
  const other = await page.context().newPage();
  await other.goto(it.url);
  await other.getByText('You need an API key to look around').waitFor();
  await page.finish();
});

test('it is dark where the system is', async () => {
  // The editor's colours are chosen when the page is loaded.
  const page = await tab(browser, it.url, { path: `/#key=${it.key}`, colorScheme: 'dark' });
  await open(page, 'OpenJobs');
  await execute(page);
  await answered(page, '"totalCount"');
  await look(page, 'graphiql', ['dark']);
  await page.finish();
});

test('a key in the address is taken over and leaves the address', async () => {
  const page = await tab(browser, it.url, { path: `/#key=${it.key}` });
  await page.waitForFunction(() => !location.hash);
  assert.equal(await page.getByLabel('API key').inputValue(), it.key);
  await page.finish();
});

test('a subscription tells what changes, until it is stopped', async () => {
  const page = await tab(browser, it.url, { path: `/#key=${it.key}` });
  await open(page, 'Changes');
  const begun = page.waitForResponse(response => response.headers()['content-type']?.startsWith('text/event-stream'));
  await execute(page);
  await begun;
  const query = `{ integration(id: "${hrworks}") { jobs(first: 1, filter: { statuses: [OPEN] }) { nodes { id } } } }`;
  const [job] = (await it.graph(query)).integration.jobs.nodes;
  const candidate = { firstName: 'Grace', lastName: 'Hopper', emailAddress: 'grace@example.org' };
  const input = { integrationId: hrworks, application: { jobId: job.id }, candidate };
  const apply = 'mutation($input: CreateApplicationInput!) { createApplication(input: $input) { userErrors { message } } }';
  assert.deepEqual((await it.graph(apply, { input })).createApplication.userErrors, []);
  await answered(page, '"kind": "CREATED"');
  await page.getByRole('button', { name: 'Stop query' }).click();
  await page.getByRole('button', { name: 'Execute query' }).waitFor();
  await page.finish();
});

test('the schema can be explored', async () => {
  const page = await tab(browser, it.url, { path: `/#key=${it.key}` });
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Query', exact: true }).click();
  await page.getByRole('link', { name: 'integrations', exact: true }).click();
  await page.getByText('In the order in which they were connected.').waitFor();
  await page.finish();
});

test('the console is a click away, with the same key', async () => {
  const page = await tab(browser, it.url, { path: `/#key=${it.key}` });
  await page.getByRole('link', { name: 'Console' }).click();
  await page.getByRole('heading', { name: 'Integrations' }).waitFor();
  await page.getByRole('link', { name: 'GraphiQL' }).click();
  await page.getByLabel('API key').waitFor();
  assert.equal(await page.getByLabel('API key').inputValue(), it.key);
  await page.finish();
});
