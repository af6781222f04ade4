import { expect, test } from './fake-hub';

test('what is chosen stands in the address and comes back with it', async ({ hub, live, page }) => {
  await live.open(new URL('live/AAPL?i=1m&h=1&show=volume,rsi', hub.address).href);
  await expect(page.getByRole('radio', { name: '1 bar', exact: true })).toBeChecked();
  await expect(page.getByRole('switch', { name: 'Volume' })).toBeChecked();
  await expect(page.getByRole('switch', { name: 'Forecast record' })).not.toBeChecked();
  await page.getByRole('switch', { name: 'VWAP' }).click();
  await expect(page).toHaveURL(/show=volume,vwap,rsi/);
  await page.getByRole('radio', { name: 'UTC' }).click();
  await expect(page.locator('ca-price-chart .zone')).toHaveText('UTC');
  const at = await live.legend().innerText();
  await page.getByRole('radio', { name: 'Exchange' }).click();
  await expect(page.locator('ca-price-chart .zone')).toHaveText('New York');
  expect(await live.legend().innerText()).not.toBe(at);
});

test('bars are saved as CSV and the chart as PNG', async ({ hub, live, page }) => {
  await live.open(new URL('live/AAPL?i=1m', hub.address).href);
  const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /CSV/ }).click()]);
  expect(csv.suggestedFilename()).toMatch(/^AAPL-1m-2019-02-13.*\.csv$/);
  const [png] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /PNG/ }).click()]);
  expect(png.suggestedFilename()).toMatch(/\.png$/);
});

test('the watchlist moves by keys, loses a symbol and gets it back', async ({ hub, live, page }) => {
  await live.open(new URL('live/AAPL?i=1m', hub.address).href);
  const rows = page.locator('ca-watchlist li button');
  await expect(page.locator('ca-watchlist')).toContainText('12 symbols, 1 stale');
  await expect(rows.filter({ hasText: 'UGA' })).toContainText('stale, 2 min');
  await rows.first().focus();
  await page.keyboard.press('ArrowDown');
  await expect(rows.filter({ hasText: 'SPY' })).toBeFocused();
  await page.keyboard.press('Delete');
  await expect(rows.filter({ hasText: 'SPY' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(rows.filter({ hasText: 'SPY' })).toHaveCount(1);
  await rows.first().focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/live\/UGA/);
});

test('the search marks what was typed and is worked by keys', async ({ hub, live, page }) => {
  await live.open(new URL('live/AAPL?i=1m', hub.address).href);
  await page.keyboard.press('/');
  await page.keyboard.type('ms');
  const search = page.locator('ca-symbol-search');
  await expect(search.getByRole('option')).toHaveCount(1);
  await expect(search.locator('mark:not(:empty)')).toHaveText('MS');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/live\/MSFT/);
  await page.keyboard.press('/');
  await page.keyboard.type('micro');
  await expect(search.getByRole('option').locator('b')).toHaveText(['MSFT', 'MU']);
  await expect(search.locator('mark:not(:empty)')).toHaveText(['Micro', 'Micro']);
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await page.keyboard.type('zzz');
  await expect(search).toContainText('zzz is unknown at this source');
  await page.keyboard.press('Escape');
  await expect(search.getByRole('combobox')).toHaveValue('MSFT');
});

test('a symbol without bars at this interval offers those that it has', async ({ hub, live, page }) => {
  await page.goto(new URL('live/AAPL?i=1h', hub.address).href);
  const chart = page.getByRole('region', { name: 'Chart' });
  await expect(chart).toContainText('No bar at 1h yet');
  await expect(chart).toContainText('AAPL has bars at:');
  await chart.getByRole('button', { name: '1m', exact: true }).click();
  await expect(live.legend()).toBeVisible();
  await expect(page).toHaveURL(/i=1m/);
});
