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
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(live.legend()).toBeVisible();
});

test('keys search, choose the interval, move the crosshair and explain themselves', async ({ live, page, isMobile }) => {
  test.skip(isMobile, 'a phone has no keys');
  await live.open();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeHidden();

  const first = await page.locator('ca-price-head .symbol').innerText();
  await page.keyboard.press('/');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.locator('ca-price-head .symbol')).not.toHaveText(first);

  await page.keyboard.press('2');
  await expect(page).toHaveURL(/i=1m/);
  await expect(live.legend()).toBeVisible();

  const last = (await live.legend().innerText()).slice(0, 5);
  await page.locator('ca-price-chart .canvas').focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await expect.poll(async () => (await live.legend().innerText()).slice(0, 5)).not.toBe(last);
  await page.keyboard.press('Escape');
  await expect(live.legend()).toContainText('forming');
});

test('a panned view stays until Go live', async ({ live, page, isMobile }) => {
  test.skip(isMobile, 'a mouse pans here');
  await live.open();
  const box = (await live.chart().boundingBox())!;
  await page.mouse.move(box.x + 200, box.y + 200);
  await page.mouse.down();
  await page.mouse.move(box.x + 800, box.y + 200, { steps: 5 });
  await page.mouse.up();
  const button = page.getByRole('button', { name: /Go live/ });
  await expect(button).toBeVisible();
  await page.waitForTimeout(2_500);
  await expect(button).toBeVisible();
  await page.keyboard.press('End');
  await expect(button).toBeHidden();
});
