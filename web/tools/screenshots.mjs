// Live at three widths, dark and light: BASE_URL=http://127.0.0.1:8000 OUT=/tmp/shots npm run screenshots
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

const base = process.env.BASE_URL;
const out = process.env.OUT ?? 'screenshots';
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
    await page.goto(new URL(process.env.SYMBOL ? `live/${process.env.SYMBOL}` : 'live', base).href);
    // The second visit has the fonts in its cache: font-display optional shows them only then.
    await page.locator('[data-testid=legend-bar]').waitFor();
    await page.reload();
    await page.locator('[data-testid=legend-bar]').waitFor();
    await page.locator('[data-testid=forecast-made]').waitFor({ timeout: 90_000 });
    await page.locator('ca-price-chart canvas').first().waitFor();
    await page.waitForTimeout(1_500);
    await page.screenshot({ path: path.join(out, `live-${size}-${variant}.png`) });
    await context.close();
  }
}
await browser.close();
console.log(`screenshots in ${out}`);
