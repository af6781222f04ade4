import { expect, test } from './fake-hub';
import { expectNoViolations } from './violations';

test('the model’s card opens from its figure', async ({ hub, live, page }) => {
  await live.open(new URL('live/AAPL?i=1m', hub.address).href);
  await page.getByRole('button', { name: /blend-1m v31/ }).click();
  const card = page.getByRole('dialog', { name: 'blend-1m v31' });
  await expect(card).toContainText('passed');
  await expectNoViolations(page);
  await card.getByRole('button', { name: 'Close' }).click();
  await expect(card).toBeHidden();
});

test('panes, CSV and PNG stand in the chart’s menu', async ({ hub, live, page }) => {
  await live.open(new URL('live/AAPL?i=1m', hub.address).href);
  const open = page.getByRole('button', { name: 'Chart menu' });
  await open.click();
  const menu = page.getByRole('dialog', { name: 'Chart', exact: true });
  await menu.getByRole('switch', { name: 'RSI 14' }).click();
  await expect(page).toHaveURL(/show=.*rsi/);
  await expectNoViolations(page);
  const save = menu.getByRole('button', { name: 'Save bars as CSV' });
  const [csv] = await Promise.all([page.waitForEvent('download'), save.click()]);
  expect(csv.suggestedFilename()).toMatch(/^AAPL-1m-2019-02-13.*\.csv$/);
  await open.click();
  const picture = menu.getByRole('button', { name: 'Save the chart as PNG' });
  const [png] = await Promise.all([page.waitForEvent('download'), picture.click()]);
  expect(png.suggestedFilename()).toMatch(/\.png$/);
});
