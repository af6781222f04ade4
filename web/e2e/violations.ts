import { AxeBuilder } from '@axe-core/playwright';
import { expect, Page } from '@playwright/test';

const LIGHT = ['light', ''] as const;
export const COLOUR_BLIND = [
  ['light', 'cb'],
  ['dark', 'cb'],
] as const;

/** Every rule in dark; then, as only colours differ, contrast in light and in `more` schemes and palettes. */
export async function expectNoViolations(
  page: Page,
  ...more: readonly (readonly ['light' | 'dark', string])[]
): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce' }); // colours change at once
  expect((await axe(page).analyze()).violations, 'dark').toEqual([]);
  for (const [theme, palette] of [LIGHT, ...more]) {
    await page.evaluate(([theme, palette]) => Object.assign(document.documentElement.dataset, { theme, palette }), [
      theme,
      palette,
    ] as const);
    const { violations } = await axe(page).withRules('color-contrast').analyze();
    expect(violations, `${theme} ${palette}`).toEqual([]);
  }
  await page.evaluate(() => Object.assign(document.documentElement.dataset, { theme: 'dark', palette: '' }));
  await page.emulateMedia({ reducedMotion: null });
}

/** Says what is wrong and nothing of what is right; one frame of one origin needs no page of axe's own. A third of the time. */
function axe(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode(true);
}
