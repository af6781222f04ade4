import { expect, test } from './live-page';

test('candles move and the forecast changes', async ({ live }) => {
  await live.open();
  const before = {
    legend: await live.legend().innerText(),
    price: await live.price().innerText(),
    picture: await live.chart().screenshot(),
  };
  await expect(live.legend()).not.toHaveText(before.legend);
  await expect(live.price()).not.toHaveText(before.price);
  await expect.poll(async () => (await live.chart().screenshot()).equals(before.picture)).toBe(false);
  const made = await live.forecastMade().innerText({ timeout: 90_000 });
  await expect(live.forecastMade()).not.toHaveText(made, { timeout: 90_000 });
  expect(live.errors).toEqual([]);
});

test('the address names symbol and interval', async ({ live, page, isMobile }) => {
  await live.open();
  const first = new URL(page.url());
  expect(first.searchParams.get('i')).toBe('1s');
  const symbols = (await (await page.request.get('/api/v1/symbols')).json()) as { symbols: { symbol: string }[] };
  const symbol = symbols.symbols.at(-1)!.symbol;
  await live.open(`/live/${encodeURIComponent(symbol)}?i=1m`);
  await expect(page).toHaveTitle(`${symbol} · Live · Causal Alpha`);
  await expect(page.getByRole('radio', { name: '1m', exact: true })).toBeChecked();
  await expect(page.locator(isMobile ? '.pick' : '.symbol').first()).toContainText(symbol);
});

test('a failed request says so and can be tried again', async ({ live, page }) => {
  let refuse = true;
  await page.route('**/api/v1/bars/**', (route) =>
    refuse ? route.fulfill({ status: 503, json: { error: 'expected MongoDB, was away' } }) : route.continue(),
  );
  await page.goto('/live?i=1s');
  await expect(page.getByText('Bars did not load')).toBeVisible();
  await expect(page.getByText('expected MongoDB, was away')).toBeVisible();
  refuse = false;
  await page.getByRole('region', { name: 'Chart' }).getByRole('button', { name: 'Try again' }).click();
  await expect(live.legend()).toBeVisible();
});
