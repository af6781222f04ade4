import { expect, test } from './live-page';
import { expectNoViolations } from './violations';

/** The pages beside Live with a panel that a hub without a registry can fill. */
const PAGES = [
  { path: '/models', heading: 'Models', panel: 'Registry and record' },
  { path: '/pipeline', heading: 'Pipeline', panel: 'Agents' },
  { path: '/features', heading: 'Features', panel: 'Last vector' },
  { path: '/events', heading: 'Events', panel: 'Log' },
  { path: '/about', heading: 'Causal Alpha', panel: 'Parts of the worker' },
];

for (const { path, heading, panel } of PAGES) {
  test(`${heading} shows what the hub knows, and axe finds nothing`, async ({ live, page }) => {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await expect(page.getByRole('region', { name: panel })).toHaveAttribute('data-state', 'ready');
    await expect(page.locator('[data-state=loading], [data-state=failed]')).toHaveCount(0);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide).toBe(0);
    await expectNoViolations(page);
    expect(live.errors).toEqual([]);
  });
}

test('the balance of the pipeline adds up', async ({ page }) => {
  await page.goto('/pipeline');
  const terms = page.locator('ca-row-balance b');
  await expect(terms).toHaveCount(5);
  const counts = (await terms.allInnerTexts()).map((text) => Number(text.replaceAll(',', '')));
  expect(counts[0]).toBeGreaterThan(0);
  expect(counts[0]).toBe(counts.slice(1).reduce((sum, count) => sum + count, 0));
  await expect(page.getByText('Balanced')).toBeVisible();
});

test('a row that was rejected is sent again after a question', async ({ page }) => {
  const ahead = { symbol: 'AHEAD', ts: Date.now() + 3_600_000, price: 1, size: 1 };
  expect((await page.request.post('/api/v1/ticks', { data: ahead })).status()).toBe(202);
  await page.goto('/pipeline');
  const row = page.getByRole('region', { name: 'Rejects by reason' }).getByRole('row', { name: /ahead of the clock/ });
  await row.getByRole('button', { name: 'Redrive…' }).click();
  const dialog = page.getByRole('dialog', { name: /ahead of the clock again/ });
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Redrive' }).click();
  await expect(dialog).toBeHidden();
  // Still an hour ahead: it comes back, and the page says so.
  await expect(page.getByText(/sent again, \d+ refused|is left to send/)).toBeVisible();
});

test('features follow the interval that is chosen', async ({ page }) => {
  await page.goto('/features');
  await page.getByRole('radiogroup', { name: 'Interval of the vectors' }).getByRole('radio', { name: '1s' }).click();
  const rows = page.getByRole('region', { name: 'Last vector' }).locator('tbody tr');
  await expect(rows.first()).toBeVisible();
  expect(await rows.count()).toBeGreaterThan(20);
  await expect(rows.filter({ hasText: 'return_1' }).first().locator('td').first()).toHaveText(/[0-9]/);
});

test('events are narrowed by kind and text', async ({ page }) => {
  await page.goto('/events');
  const log = page.getByRole('region', { name: 'Log' });
  await expect(log).toHaveAttribute('data-state', 'ready');
  await page.getByRole('searchbox', { name: 'Text in events' }).fill('nothing says this');
  await expect(log.getByText(/Nothing fits|Nothing worth noticing yet/)).toBeVisible();
});

test('a panel keeps its content when the hub fails, and comes back', async ({ page }) => {
  let refuse = true;
  await page.route('**/api/v1/pipeline', (route) =>
    refuse ? route.fulfill({ status: 503, json: { error: 'expected Kafka to answer, was away' } }) : route.continue(),
  );
  await page.goto('/pipeline');
  const agents = page.getByRole('region', { name: 'Agents' });
  await expect(agents.getByText('503 from the hub: expected Kafka to answer, was away')).toBeVisible();
  refuse = false;
  await agents.getByRole('button', { name: 'Try again' }).click();
  await expect(agents).toHaveAttribute('data-state', 'ready');
  refuse = true;
  await expect(agents).toHaveAttribute('data-state', 'stale');
  await expect(agents.getByRole('row')).not.toHaveCount(0);
});
