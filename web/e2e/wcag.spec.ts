import { expect, test } from './live-page';
import { COLOUR_BLIND, expectNoViolations } from './violations';

test('axe finds nothing on Live', async ({ live, page }) => {
  await live.open();
  await expect(live.forecastMade()).toBeVisible({ timeout: 90_000 });
  await expectNoViolations(page, ...COLOUR_BLIND);
});

test('axe finds nothing in what opens', async ({ live, page, isMobile }) => {
  await live.open();
  if (isMobile) {
    await page.getByRole('button', { name: /^Watchlist/ }).click();
    await expect(page.getByRole('dialog', { name: 'Watchlist' })).toBeVisible();
    await expectNoViolations(page);
    await page.getByRole('button', { name: 'Close the watchlist' }).click();
    await page.getByRole('button', { name: 'More' }).click();
    await expectNoViolations(page);
  } else {
    await page.getByRole('button', { name: 'Table' }).click();
    await page.keyboard.press('/');
    await expect(page.getByRole('listbox')).toBeVisible();
    await expectNoViolations(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Keyboard help' }).click();
    await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
    await expectNoViolations(page);
  }
});

test('the layouts change with the width and nothing scrolls sideways', async ({ live, page, isMobile }) => {
  await live.open();
  for (const width of isMobile ? [320, 390, 600] : [900, 1100, 1280, 1440]) {
    await page.setViewportSize({ width, height: 844 });
    await expect(page.getByRole('complementary')).toHaveCount(isMobile ? 0 : 1);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, `${width} px`).toBe(0);
  }
});
