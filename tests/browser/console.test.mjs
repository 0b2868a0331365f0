// The operator's console at `/console`.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, look, tab } from './browser.mjs';
import { until, world } from './world.mjs';

let it;
let browser;
let traffit;
let hrworks;

before(async () => {
  it = await world();
  browser = await launch();
  traffit = await it.connected('traffit', 'Acme');
  hrworks = await it.connected('hrworks', 'Muster GmbH');
});

after(() => Promise.all([it?.stop(), browser?.close()]));

/** The console, at one of its places. */
function open(place = '', options = {}) {
  return tab(browser, it.url, { path: `/console#key=${it.key}`, ...options }).then(async page => {
    await page.getByRole('heading', { name: 'Integrations', level: 1 }).waitFor();
    if (place) await page.evaluate(hash => (location.hash = hash), place);
    return page;
  });
}

const row = (page, name) => page.getByRole('row').filter({ hasText: name });
const button = (page, name) => page.getByRole('button', { name, exact: true });
const title = (page, name) => page.getByRole('heading', { name, level: 1 }).waitFor();

async function apply(integration, emailAddress) {
  const { integration: found } = await it.graph(
    `{ integration(id: "${integration}") { jobs(first: 1, filter: { statuses: [OPEN] }) { nodes { id } } } }`,
  );
  const input = {
    integrationId: integration,
    application: { jobId: found.jobs.nodes[0].id },
    candidate: { firstName: 'Ada', lastName: 'Lovelace', emailAddress },
    attachments: [{ name: 'cv.pdf', type: 'CV', contentType: 'application/pdf', data: btoa('%PDF-1.4 invented') }],
  };
  const query = `mutation($input: CreateApplicationInput!) {
    createApplication(input: $input) { action { id state } candidate { id } userErrors { message } }
  }`;
  return (await it.graph(query, { input })).createApplication;
}

test('it asks for a key, refuses a wrong one, and keeps a good one for this tab', async () => {
  const page = await tab(browser, it.url, { path: '/console' });
  await title(page, 'Operator’s console');
  await look(page, 'console-sign-in');
  await page.getByLabel('API key').fill('hgk_wrong');
  await button(page, 'Sign in').click();
  await page.getByRole('alert').getByText('does not accept this key').waitFor();
  await page.getByLabel('API key').fill(it.key);
  await page.keyboard.press('Enter');
  await title(page, 'Integrations');
  await page.reload();
  await title(page, 'Integrations');
  await button(page, 'Sign out').click();
  await page.getByLabel('API key').waitFor();
  await page.reload();
  await page.getByLabel('API key').waitFor();
  await page.finish();
});

test('a key that is revoked leads back to its entry', async () => {
  const create = 'mutation { createApiKey(input: { name: "soon gone", scopes: [ADMIN] }) { secret apiKey { id } } }';
  const { secret, apiKey } = (await it.graph(create)).createApiKey;
  const page = await tab(browser, it.url, { path: `/console#key=${secret}` });
  await title(page, 'Integrations');
  await it.graph(`mutation { revokeApiKey(id: "${apiKey.id}") { userErrors { message } } }`);
  // The page also asks by itself now and then: what is to be clicked may be gone by then.
  const told = page.getByRole('alert').getByText('revoked').waitFor();
  await Promise.race([page.getByRole('link', { name: 'Connectors' }).click().catch(() => {}), told]);
  await told;
  await page.finish();
});

test('a key with fewer scopes sees what it may, and is offered nothing else', async () => {
  const key = await it.keyWith('RECORDS_READ');
  const page = await tab(browser, it.url, { path: `/console#key=${key}` });
  await row(page, 'Acme at TRAFFIT').getByText('Active').waitFor();
  assert.equal(await button(page, 'Connect an account').count(), 0);
  await page.getByRole('link', { name: 'Acme at TRAFFIT' }).click();
  await page.getByRole('heading', { name: 'Record types' }).waitFor();
  assert.equal(await button(page, 'Sync now').count(), 0);
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await page.getByRole('alert').getByText('This key may not see this').waitFor();
  await page.finish();
});

test('a failing integration is shown with its reason, and recovers', async () => {
  const page = await open();
  await it.vendors.traffit.restart('revoked-credentials');
  await page.getByRole('link', { name: 'Acme at TRAFFIT' }).click();
  await button(page, 'Sync now').click();
  await page.getByText('A full sync is queued.').waitFor();
  await page.getByText('Failing').waitFor();
  await page.getByRole('status').getByText('TRAFFIT refuses the client id or the client secret').waitFor();
  await look(page, 'console-integration-failing');
  await page.getByRole('link', { name: 'Integrations' }).first().click();
  await row(page, 'Acme at TRAFFIT').getByText('Failing').waitFor();
  await row(page, 'Muster GmbH').getByText('Active').waitFor();
  await look(page, 'console-integrations');

  await it.vendors.traffit.restart();
  await page.getByRole('link', { name: 'Acme at TRAFFIT' }).click();
  await button(page, 'Sync now').click();
  await page.getByText('Active', { exact: true }).waitFor();
  assert.equal(await page.getByText('TRAFFIT refuses').count(), 0);
  await page.finish();
});

test('what was asked of a vendor can be looked through', async () => {
  const page = await open(`#/integrations/${traffit}/requests`);
  const requests = page.getByRole('list', { name: 'Vendor requests' });
  const read = requests.getByRole('listitem').filter({ hasText: '/recruitments/' }).first();
  await read.locator('summary').click();
  await read.getByRole('link', { name: 'Full sync' }).waitFor();
  await look(page, 'console-vendor-requests');
  await page.getByLabel('Failed only').check();
  // Some are of no sync: those that ask for the vendor's webhooks.
  const failed = requests.getByRole('listitem').filter({ hasText: 'Full sync' }).first();
  await requests.getByText('200', { exact: true }).first().waitFor({ state: 'detached' });
  await failed.locator('summary').click();
  await failed.getByRole('link', { name: 'Full sync' }).click();
  await title(page, 'Full sync of Acme at TRAFFIT');
  await page.getByText('Authentication failed').first().waitFor();
  await page.goBack();
  await page.getByLabel('Direction').selectOption('From the vendor');
  await page.getByText('No requests yet').waitFor();
  await page.finish();
});

test('a sync is followed while it goes on, and can be cancelled', async () => {
  await it.vendors.hrworks.restart('slow-ms=4000');
  const page = await open(`#/integrations/${hrworks}/runs`);
  await page.getByLabel('Record types').selectOption({ label: 'Candidates' });
  await button(page, 'Begin').click();
  await title(page, 'Full sync of Muster GmbH at HR WORKS');
  await page.getByRole('progressbar', { name: 'Records read' }).waitFor();
  await row(page, 'Candidates').getByText('Running').waitFor();
  await look(page, 'console-sync-run');
  await button(page, 'Cancel').click();
  await page.getByText('Cancelled', { exact: true }).first().waitFor();

  await it.vendors.hrworks.restart();
  await it.settled(hrworks);
  await page.getByRole('link', { name: 'Sync runs' }).click();
  await button(page, 'Begin').click();
  await row(page, 'Users').getByText('Succeeded').waitFor();
  await page.getByRole('link', { name: 'Sync runs' }).click();
  await row(page, 'Cancelled').waitFor();
  await look(page, 'console-sync-runs');
  await page.finish();
});

test('an account is tested, paused and resumed, and its records are refreshed', async () => {
  const page = await open(`#/integrations/${traffit}`);
  await button(page, 'Test').click();
  await button(page, 'Run the tests').click();
  const results = page.getByRole('list', { name: 'Results' });
  await results.getByRole('listitem').first().waitFor();
  assert.equal(await results.getByText('failed:').count(), 0);
  await look(page, 'console-connection-tests');
  await button(page, 'Close').click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  await button(page, 'Pause').click();
  await page.getByText('Paused', { exact: true }).waitFor();
  assert.ok(await button(page, 'Sync now').isDisabled());
  await button(page, 'Resume').click();
  await page.getByText('Active', { exact: true }).waitFor();

  const [candidate] = (await it.graph(`{ candidates(integrationId: "${traffit}", first: 1) { nodes { id } } }`)).candidates.nodes;
  await page.getByLabel('Record ids').fill(candidate.id);
  await button(page, 'Refresh').click();
  await page.getByText('1 record was read at the vendor.').waitFor();
  await page.getByLabel('Record ids').fill('cand_wrong');
  await button(page, 'Refresh').click();
  await page.locator('.notes .bad').waitFor();
  await button(page, 'Dismiss').last().click();
  await page.finish();
});

test('an action shows its steps', async () => {
  const { action } = await apply(traffit, 'ada@example.org');
  assert.equal(action.state, 'SUCCEEDED');
  const page = await open('#/actions');
  await page.getByRole('link', { name: 'Create application' }).first().click();
  await page.getByText('Attach file 1').waitFor();
  await page.getByText('Ada Lovelace').waitFor();
  await look(page, 'console-action');
  await button(page, 'Refresh its records').click();
  await page.getByText('What it wrote was read anew at the vendor.').waitFor();
  await page.getByRole('link', { name: 'Acme at TRAFFIT' }).click();
  await page.getByRole('link', { name: 'Actions' }).last().click();
  await page.getByRole('link', { name: 'Create application' }).first().waitFor();
  await page.finish();
});

test('a delivery that failed is sent again', async () => {
  const events = ['ACTION_FINISHED'];
  const create = 'mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { endpoint { id } userErrors { message } } }';
  await it.graph(create, { input: { url: it.receiver.url, events } });
  it.receiver.answers = 500;
  await apply(traffit, 'grace@example.org');
  await until('the delivery to be tried', () => it.receiver.received.length > 0);

  const page = await open('#/webhooks');
  await page.getByRole('link', { name: it.receiver.url }).click();
  const delivery = page.getByRole('listitem').filter({ hasText: 'Action finished' }).filter({ has: page.locator('summary') });
  await delivery.locator('summary').getByText('answered 500').waitFor();
  await delivery.locator('summary').click();
  await page.getByLabel('Payload').getByText('"ACTION_FINISHED"').waitFor();
  await look(page, 'console-webhook');
  it.receiver.answers = 204;
  await button(page, 'Redeliver').click();
  await delivery.locator('summary').getByText('Delivered').waitFor();

  await button(page, 'Disable').click();
  await page.getByText('Disabled', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Webhooks' }).first().click();
  await row(page, it.receiver.url).getByText('Disabled').waitFor();
  await look(page, 'console-webhooks');
  await page.getByRole('link', { name: it.receiver.url }).click();
  await button(page, 'Delete').click();
  await button(page, 'Delete for good').click();
  await page.getByText('No endpoint yet').waitFor();
  await page.finish();
});

test('the coverage of each connector can be read', async () => {
  const page = await open('#/connectors');
  await page.getByRole('link', { name: 'HR WORKS' }).waitFor();
  await look(page, 'console-connectors');
  await page.getByRole('link', { name: 'TRAFFIT' }).click();
  await title(page, 'TRAFFIT');
  await page.locator('summary').filter({ hasText: 'Candidates' }).click();
  await page.getByText('emailAddresses', { exact: true }).first().waitFor();
  await look(page, 'console-connector');
  await page.finish();
});

test('what is not there is said not to be', async () => {
  const page = await open('#/integrations/int_gs1298jrna6i74u4t3iu6cjrb8');
  await page.getByText('There is no such integration').waitFor();
  await page.evaluate(() => (location.hash = '#/nothing'));
  await page.getByText('There is no such page').waitFor();
  await page.evaluate(() => (location.hash = '#/actions/act_gs1298jrna6i74u4t3iu6cjrb8'));
  await page.getByText('There is no such action').waitFor();
  await page.finish();
});

test('it can be used by keyboard alone', async () => {
  const page = await open();
  await page.keyboard.press('Tab');
  await page.getByRole('link', { name: 'Skip to the content' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Connect an account');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Connect an account' }).waitFor();
  await look(page, 'console-connect-dialog');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Connect an account');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Acme at TRAFFIT');
  await page.keyboard.press('Enter');
  await title(page, 'Acme at TRAFFIT');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content', 'the new page is where the reader is');
  await page.finish();
});

test('a lost server is said to be lost, what was read stays, and all is well again when it is back', async () => {
  const page = await open();
  await row(page, 'Acme at TRAFFIT').waitFor();
  await page.route('**/graphql', route => route.abort());
  await page.clock.fastForward('01:00');
  await page.getByRole('alert').getByText('The server does not answer').waitFor();
  await row(page, 'Acme at TRAFFIT').waitFor();
  await page.unroute('**/graphql');
  await button(page, 'Try again').click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.finish();
});

test('an integration is deleted only after its name was typed', async () => {
  const page = await open(`#/integrations/${hrworks}`);
  await button(page, 'Delete').click();
  assert.ok(await button(page, 'Delete for good').isDisabled());
  await page.getByLabel('Type “Muster GmbH at HR WORKS” to confirm').fill('Muster GmbH at HR WORKS');
  await button(page, 'Delete for good').click();
  await title(page, 'Integrations');
  await row(page, 'Acme at TRAFFIT').waitFor();
  await row(page, 'Muster GmbH').waitFor({ state: 'detached' });
  await page.finish();
});
