import { expect, test } from './fake-hub';
import { expectNoViolations } from './violations';

test('families, their record and the model’s card', async ({ hub, live, page, isMobile }) => {
  await live.open(new URL('live/AAPL?i=1m', hub.address).href);
  const families = page.getByRole('radiogroup', { name: 'Forecast family' });
  await expect(families.getByRole('radio')).toHaveText(['Blend', 'Transformer', 'LSTM', 'ARIMA']);
  await expect(families.getByRole('radio', { name: 'Blend' })).toBeChecked();
  await families.getByRole('radio', { name: 'LSTM' }).click();
  await expect(page).toHaveURL(/f=lstm/);
  await page.reload();
  await expect(families.getByRole('radio', { name: 'LSTM' })).toBeChecked();
  if (isMobile) {
    await expect(page.locator('ca-phone-figures')).toContainText('lstm-1m v12');
    return;
  }
  await expect(page.getByRole('region', { name: 'Model', exact: true })).toContainText('Shadow');
  await families.getByRole('radio', { name: 'Blend' }).click();
  await expect(page).not.toHaveURL(/f=/);
  const record = page.getByRole('region', { name: 'Forecast record' });
  await expect(record.getByRole('img', { name: /Rolling coverage: \d+\.\d % in the 80 %/ })).toBeVisible();
  await expect(record.getByRole('row').nth(1)).toContainText(/Inside|Missed/);
  await expect(page.locator('ca-family-record tbody tr')).toHaveCount(4);
  await page.getByRole('button', { name: 'Model card' }).click();
  const card = page.getByRole('dialog', { name: 'blend-1m v31' });
  await expect(card).toContainText('passed');
  await expectNoViolations(page);
  await card.getByRole('button', { name: 'Close' }).click();
  expect(live.errors).toEqual([]);
});

test('a hub that is gone leaves everything in place and says so', async ({ hub, live, page }) => {
  await live.open(new URL('live/AAPL?i=1m', hub.address).href);
  const price = await live.price().innerText();
  await hub.stop();
  await expect.poll(async () => (await live.log()).phase).toBe('offline');
  await expect(page.getByText(/Offline/).first()).toBeVisible();
  expect(await live.price().innerText()).toBe(price);
  await expect(live.legend()).toBeVisible();
  await expectNoViolations(page);
});

test('a part that an upgrade took away reloads the page, once', async ({ hub, page }) => {
  let [gone, loads] = [0, 0];
  page.on('load', () => (loads += 1));
  await page.goto(new URL('live/AAPL?i=1m', hub.address).href);
  await expect(page.getByTestId('legend-bar')).toBeVisible();
  // Parts that come when the page is idle are here by then.
  await page.waitForLoadState('networkidle');
  await page.route('**/chunk-*.js', (route) => {
    gone += 1;
    return gone === 1 ? route.fulfill({ status: 404 }) : route.continue();
  });
  await page.getByRole('link', { name: 'Events' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Events' })).toBeVisible();
  expect(gone).toBeGreaterThan(1);
  expect(loads).toBe(2);
});
