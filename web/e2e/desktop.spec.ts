import { expect, test } from './live-page';

test('keys search, choose the interval, move the crosshair and explain themselves', async ({ live, page }) => {
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

test('a panned view stays until Go live', async ({ live, page }) => {
  await live.open();
  const box = (await live.chart().boundingBox())!;
  const button = page.getByRole('button', { name: /Go live/ });
  // A drag that comes before the chart listens is none: drag again.
  await expect(async () => {
    await page.mouse.move(box.x + 200, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + 800, box.y + 200, { steps: 5 });
    await page.mouse.up();
    await expect(button).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
  await page.waitForTimeout(2_500);
  await expect(button).toBeVisible();
  await page.keyboard.press('End');
  await expect(button).toBeHidden();
});
