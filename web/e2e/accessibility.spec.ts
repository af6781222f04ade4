import { AxeBuilder } from '@axe-core/playwright';

import { expect, test } from './live-page';

for (const scheme of ['dark', 'light'] as const) {
  test.describe(scheme, () => {
    test.use({ scheme });

    test('axe finds nothing on Live', async ({ live, page }) => {
      await live.open();
      await expect(live.forecastMade()).toBeVisible({ timeout: 90_000 });
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });

    test('axe finds nothing in what opens', async ({ live, page, isMobile }) => {
      await live.open();
      if (isMobile) {
        await page.getByRole('button', { name: /^Watchlist/ }).click();
        await expect(page.getByRole('dialog', { name: 'Watchlist' })).toBeVisible();
        expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
        await page.getByRole('button', { name: 'Close the watchlist' }).click();
        await page.getByRole('button', { name: 'More' }).click();
        expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
        return;
      }
      await page.getByRole('button', { name: 'Table' }).click();
      await page.keyboard.press('/');
      await expect(page.getByRole('listbox')).toBeVisible();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Keyboard help' }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });

    test('axe finds nothing on About', async ({ page }) => {
      await page.addInitScript((chosen) => localStorage.setItem('scheme', chosen), scheme);
      await page.goto('/about');
      await expect(page.getByRole('heading', { name: 'Lightweight Charts' })).toBeVisible();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });
  });
}

test('nothing scrolls sideways', async ({ live, page, isMobile }) => {
  const widths = isMobile ? [320, 390, 600] : [900, 1100, 1280, 1440];
  for (const width of widths) {
    await page.setViewportSize({ width, height: 844 });
    await live.open();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, `${width} px`).toBe(0);
  }
});
