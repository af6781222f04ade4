// Every page at three widths, dark and light: BASE_URL=http://127.0.0.1:8000 OUT=/tmp/shots npm run screenshots
// PAGES=live,models takes only these. A panel that holds nothing yet is shown as it is.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { chromium } from '@playwright/test';

import { findBrowser } from './browser.mjs';

const SIZES = [
  { name: '1440', width: 1440, height: 900 },
  { name: '1100', width: 1100, height: 800 },
  { name: '390', width: 390, height: 844, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
];
const VARIANTS = [
  { name: 'dark', scheme: 'dark' },
  { name: 'light', scheme: 'light' },
  { name: 'colour-blind', scheme: 'dark', palette: 'cb', only: '1440' },
];

/** `ready` waits until the page shows data; `settle` is how long after that its plots have something to draw, ms. */
const PAGES = [
  { name: 'live', path: process.env.SYMBOL ? `live/${process.env.SYMBOL}` : 'live', ready: liveReady, settle: 1_500 },
  { name: 'models', path: 'models', ready: panelsReady, settle: 1_000 },
  { name: 'models-card', path: 'models', ready: cardReady, settle: 500 },
  { name: 'pipeline', path: 'pipeline', ready: panelsReady, settle: 9_000 },
  { name: 'features', path: 'features', ready: panelsReady, settle: 1_000 },
  { name: 'events', path: 'events', ready: panelsReady, settle: 500 },
  { name: 'about', path: 'about', ready: panelsReady, settle: 500 },
];

async function liveReady(page) {
  await page.locator('[data-testid=legend-bar]').waitFor();
  await page.locator('[data-testid=forecast-made]').waitFor({ timeout: 90_000 });
  await page.locator('ca-price-chart canvas').first().waitFor();
}

async function panelsReady(page) {
  await page.locator('ca-panel').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('ca-panel[data-state=loading]'));
}

async function cardReady(page) {
  await panelsReady(page);
  const rows = page.locator('ca-model-table button');
  if (await rows.count()) await rows.first().click();
}

const base = process.env.BASE_URL;
const out = process.env.OUT ?? 'screenshots';
const wanted = process.env.PAGES?.split(',') ?? PAGES.map((page) => page.name);
if (!base) {
  console.error('BASE_URL: expected the address of a running hub, was nothing');
  process.exit(2);
}
await mkdir(out, { recursive: true });
const browser = await chromium.launch(await findBrowser());
for (const { name: size, width, height, ...device } of SIZES) {
  for (const { name: variant, scheme, palette = 'standard', only = size } of VARIANTS) {
    if (only !== size) continue;
    const context = await browser.newContext({ viewport: { width, height }, ...device });
    await context.addInitScript(
      ([scheme, palette]) => {
        localStorage.setItem('scheme', scheme);
        localStorage.setItem('palette', palette);
      },
      [scheme, palette],
    );
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && console.error(`${size} ${variant}:`, message.text()));
    page.on('pageerror', (error) => console.error(`${size} ${variant}:`, error.message));
    // The first visit only fills the cache with the fonts: font-display optional shows them from the second on.
    await page.goto(base);
    await page.waitForTimeout(2_000);
    for (const { name, path: address, ready, settle } of PAGES.filter((each) => wanted.includes(each.name))) {
      await page.goto(new URL(address, base).href);
      await ready(page);
      await page.waitForTimeout(settle);
      await page.screenshot({ path: path.join(out, `${name}-${size}-${variant}.png`) });
    }
    await context.close();
  }
}
await browser.close();
console.log(`screenshots in ${out}`);
