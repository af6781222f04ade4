import { writeFile } from 'node:fs/promises';

import { expect, test } from './live-page';

/** Where to write that the worker is to be killed; tests/web/test_page.py waits for it. */
const SIGNAL = process.env['KILL_SIGNAL'];

test('a worker that is killed and comes back is found again, and candles go on', async ({ live, page }) => {
  await live.open();
  await expect.poll(async () => (await live.log()).count, { timeout: 60_000 }).toBeGreaterThan(3);
  await writeFile(SIGNAL!, 'kill');
  await expect.poll(async () => (await live.log()).phase, { timeout: 60_000 }).toBe('offline');
  await expect(live.legend()).toBeVisible();
  await expect.poll(async () => (await live.log()).phase, { timeout: 90_000 }).toBe('open');
  const { count } = await live.log();
  await expect.poll(async () => (await live.log()).count, { timeout: 90_000 }).toBeGreaterThan(count + 3);
  await expect(page.getByText('Bars did not load')).toBeHidden();
  const legend = await live.legend().innerText();
  await expect(live.legend()).not.toHaveText(legend);
});
