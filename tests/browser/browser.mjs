// Chromium, what axe says of a page, and pictures of it for people to look at.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PICTURES = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const SIZES = { desk: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } };
export const SCHEMES = ['light', 'dark'];

export function launch() {
  assert.ok(existsSync(CHROMIUM), `${CHROMIUM} is missing: run scripts/install-tools, or name another by CHROMIUM`);
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/**
 * A tab of its own, without storage. What a page must never do fails the test that closes it: an error of a script, a message
 * of the policy, a request to another origin.
 */
export async function tab(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: SIZES.desk, colorScheme: 'light', reducedMotion: 'reduce', locale: 'en-GB', ...options });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', error => faults.push(`script: ${error.stack}`));
  page.on('console', message => {
    // A browser reports each answer above 399 by itself; some tests want one.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(`console: ${message.text()}`);
  });
  page.on('request', request => {
    const address = new URL(request.url());
    if (/^(http|ws)s?:$/.test(address.protocol) && address.origin !== url) faults.push(`another origin: ${request.url()}`);
  });
  // Time goes on by itself, and can be moved forward.
  await page.clock.install();
  await page.goto(url + (options.path ?? '/'));
  page.finish = async () => {
    await context.close();
    assert.deepEqual(faults, []);
  };
  return page;
}

/** Fails for what axe calls serious or critical. */
export async function accessible(page, name) {
  // By the debugger's protocol, so that the page's policy needs no exception for it.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const told = grave.map(({ id, help, nodes }) => {
    const some = nodes.slice(0, 3).map(node => `\n  ${node.html}\n  ${node.failureSummary.replaceAll('\n', '\n  ')}`);
    return `${id}: ${help}, ${nodes.length} times${some.join('')}`;
  });
  if (told.length) assert.fail(`axe on ${name}: ${told.join('\n')}`);
}

/** Looks at a page in light and dark, on a desk and on a phone: what axe says, whether it fits, a picture of each. */
export async function look(page, name, schemes = SCHEMES) {
  mkdirSync(PICTURES, { recursive: true });
  const size = page.viewportSize();
  // What was told of the step before is gone by then.
  await page.clock.fastForward(7000);
  await page.evaluate(() => scrollTo(0, 0));
  // A dialog lies above what is seen, not above the whole page.
  const fullPage = (await page.locator('dialog[open]').count()) === 0;
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [form, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      // Colours depend on the scheme and structure on the size; two of the four pairs have each of them.
      if ((form === 'desk') === (scheme === 'light')) await accessible(page, `${name}, ${scheme}, ${form}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels too wide for a ${form}`);
      await page.screenshot({ path: `${PICTURES}${name}-${form}-${scheme}.png`, fullPage });
    }
  }
  await page.emulateMedia({ colorScheme: schemes[0], reducedMotion: 'reduce' });
  await page.setViewportSize(size);
}
