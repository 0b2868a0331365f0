// The page on which an end customer connects its account: both vendors, what can go wrong, with and without scripts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, look, tab } from './browser.mjs';
import { until, world } from './world.mjs';

let it;
let browser;

before(async () => {
  it = await world();
  browser = await launch();
});

after(() => Promise.all([it?.stop(), browser?.close()]));

const LABELS = {
  traffit: { subdomain: 'Subdomain', clientId: 'Client ID', clientSecret: 'Client secret' },
  hrworks: { accessKey: 'Access Key', secretAccessKey: 'Secret Access Key' },
};

const title = (page, name) => page.getByRole('heading', { name, level: 1 }).waitFor();
const go = (page, name) => page.getByRole('link', { name, exact: true }).click();
const button = (page, name) => page.getByRole('button', { name, exact: true });

function visit(link, options = {}) {
  return tab(browser, link.origin, { path: link.pathname + link.search, ...options });
}

/** From the guide to the form, with a look at each step. */
async function agree(page, pictures) {
  if (pictures) await look(page, `${pictures}-guide`);
  await go(page, 'Continue');
  await title(page, 'What is read and written');
  if (pictures) await look(page, `${pictures}-records`);
  await page.getByRole('checkbox').check();
  await button(page, 'Continue').click();
  await title(page, 'Enter the credentials');
}

async function enter(page, slug, credentials = it.vendors[slug].credentials) {
  for (const [key, label] of Object.entries(LABELS[slug])) {
    await page.getByLabel(label, { exact: true }).fill(credentials[key]);
  }
  await button(page, 'Test and connect').click();
}

async function integrationOf(organization) {
  const { integrations } = await it.graph('{ integrations(first: 50) { nodes { id state endUser { organizationName } } } }');
  return integrations.nodes.find(({ endUser }) => endUser.organizationName === organization);
}

test('a customer chooses TRAFFIT, and connects its account', async () => {
  const page = await visit(await it.link({ endUser: { organizationName: 'Acme' } }));
  await title(page, 'Which recruiting system do you use?');
  await look(page, 'connect-choose');
  await go(page, 'TRAFFIT');
  await title(page, 'Connect TRAFFIT');
  await agree(page, 'connect');
  await look(page, 'connect-credentials');
  await enter(page, 'traffit');
  await title(page, 'TRAFFIT is connected');
  await page.getByText('All tests passed.').waitFor();
  await look(page, 'connect-result');
  await go(page, 'Finish');
  await page.getByText('This link has been used').waitFor();
  await look(page, 'connect-done');
  const { id } = await integrationOf('Acme');
  await it.settled(id);
  assert.equal((await integrationOf('Acme')).state, 'ACTIVE');
  await page.finish();
});

test('HR WORKS is connected without scripts, from the console’s link to the source set-up', async () => {
  const console = await tab(browser, it.url, { path: `/console#key=${it.key}` });
  await button(console, 'Connect an account').click();
  await console.getByLabel('Vendor').selectOption('HR WORKS');
  await console.getByLabel('Organization').fill('  ');
  await button(console, 'Create the link').click();
  await console.getByRole('dialog').getByRole('alert').waitFor();
  await console.getByLabel('Organization').fill('Muster GmbH');
  await button(console, 'Create the link').click();
  const link = new URL(await console.getByLabel('Connect link').inputValue());
  await look(console, 'console-connect-link');
  await console.finish();

  const page = await visit(link, { javaScriptEnabled: false });
  await title(page, 'Connect HR WORKS');
  await agree(page);
  await enter(page, 'hrworks');
  await title(page, 'HR WORKS is connected');
  const sources = page.getByRole('link', { name: 'Continue to the source set-up' });
  if (await sources.count()) {
    await sources.click();
    await title(page, 'Set up the source');
  }
  await go(page, 'Finish');
  await page.getByText('This link has been used').waitFor();
  assert.ok(await integrationOf('Muster GmbH'));
  await page.goto(link.href);
  await page.getByText('This link has been used').waitFor();
  await page.finish();
});

test('wrong credentials are said to be so, and what was typed stays, except the secret', async () => {
  const page = await visit(await it.link({ connector: 'traffit', endUser: { organizationName: 'Wrong' } }));
  await agree(page);
  await enter(page, 'traffit', { ...it.vendors.traffit.credentials, clientSecret: 'wrong' });
  await page.getByRole('alert').getByText('TRAFFIT does not accept these credentials.').waitFor();
  await page.getByText('What to do:').first().waitFor();
  assert.equal(await page.getByLabel('Client ID', { exact: true }).inputValue(), it.vendors.traffit.credentials.clientId);
  assert.equal(await page.getByLabel('Client secret', { exact: true }).inputValue(), '');
  await look(page, 'connect-refused');
  await page.getByLabel('Client secret', { exact: true }).fill(it.vendors.traffit.credentials.clientSecret);
  await button(page, 'Test and connect').click();
  await title(page, 'TRAFFIT is connected');
  await page.finish();
});

test('a field that is left empty is named', async () => {
  const page = await visit(await it.link({ connector: 'hrworks', endUser: { organizationName: 'Empty' } }));
  await agree(page);
  await enter(page, 'hrworks', { accessKey: '', secretAccessKey: '' });
  await page.getByRole('alert').getByRole('link', { name: /^Access Key: must be filled in/ }).first().click();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'credentials.accessKey');
  await look(page, 'connect-empty');
  await page.finish();
});

test('it goes on only with what is to be read and written agreed to', async () => {
  const page = await visit(await it.link({ connector: 'hrworks', endUser: { organizationName: 'Unsure' } }));
  await go(page, 'Continue');
  await button(page, 'Continue').click();
  await page.getByRole('alert').getByText('Tick the box').waitFor();
  await look(page, 'connect-not-agreed');
  await page.finish();
});

test('a missing permission is named, with what to do about it', async () => {
  await it.vendors.traffit.restart('forbid-scope=recruitment');
  const page = await visit(await it.link({ connector: 'traffit', endUser: { organizationName: 'Half' } }));
  await agree(page);
  await enter(page, 'traffit');
  await page.getByText('What to do:').first().waitFor();
  await page.getByText('recruitment').first().waitFor();
  await look(page, 'connect-permission-missing');
  await page.finish();
  await it.vendors.traffit.restart();
});

test('a link that has ended, or never was, leads nowhere', async () => {
  const create = 'mutation { createApiKey(input: { name: "short", scopes: [ADMIN], expiresIn: "PT2S" }) { secret } }';
  const { secret } = (await it.graph(create)).createApiKey;
  const link = await it.link({ connector: 'traffit', endUser: { organizationName: 'Late' } }, secret);
  await until('the link to end', async () => (await fetch(link)).status === 410);
  const page = await visit(link);
  await title(page, /This link (has expired|is no longer valid)/);
  assert.equal(await page.getByRole('button').count(), 0);
  await look(page, 'connect-expired');
  await page.finish();

  link.pathname += 'x';
  const nowhere = await visit(link);
  await title(nowhere, 'This link is not known');
  await nowhere.finish();
});

test('an account whose credentials were withdrawn is connected again by its own link', async () => {
  const { id } = await integrationOf('Acme');
  await it.settled(id);
  await it.vendors.traffit.restart('revoked-credentials');
  await it.graph(`mutation { syncIntegration(input: { integrationId: "${id}" }) { syncRun { id } } }`);
  const console = await tab(browser, it.url, { path: `/console#key=${it.key}` });
  await console.getByRole('link', { name: 'Acme at TRAFFIT' }).first().click();
  await console.getByText('Failing').waitFor();
  await button(console, 'Reconnect link').click();
  await button(console, 'Create the link').click();
  const page = await visit(new URL(await console.getByLabel('Connect link').inputValue()));
  await button(console, 'Close').click();

  await it.vendors.traffit.restart();
  await title(page, 'Connect TRAFFIT again');
  await agree(page);
  await enter(page, 'traffit');
  await title(page, 'TRAFFIT is connected');
  await go(page, 'Finish');
  await page.getByText('The connection works again').waitFor();
  await page.finish();

  await button(console, 'Sync now').click();
  await console.getByText('Active', { exact: true }).waitFor();
  assert.equal((await integrationOf('Acme')).id, id);
  await console.finish();
});

test('it speaks German to those who read German', async () => {
  const page = await visit(await it.link({ endUser: { organizationName: 'Muster' } }), { locale: 'de-DE' });
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  await go(page, 'English');
  await title(page, 'Which recruiting system do you use?');
  await go(page, 'Deutsch');
  await look(page, 'connect-german');
  await page.finish();
});
