import { Page } from '@playwright/test';

import { ModelsReply, VersionRow } from '../src/app/core/api/schema';
import { expect, test } from './live-page';
import { expectNoViolations } from './violations';

const version = (number: string, aliases: string[]): VersionRow => ({
  version: number,
  created: Date.UTC(2026, 0, Number(number)),
  aliases,
  run_id: `run${number}`,
  url: '',
  tags: { until_ns: '1767225600000000000', until: '2026-01-01', gate: 'passed' },
  metrics: { crps_ewma_h1: 0.98 },
});

/** This hub has no registry: what one would say, and what is asked of it. */
async function withRegistry(page: Page, role: 'operator' | 'viewer'): Promise<{ path: string; body: unknown }[]> {
  const asked: { path: string; body: unknown }[] = [];
  let champion = '1';
  await page.route('**/api/v1/session', (route) => route.fulfill({ json: { role, tokens: true } }));
  await page.route('**/api/v1/models', (route) => {
    const versions = [version('2', champion === '2' ? ['champion'] : ['challenger']), version('1', [])];
    const history = [{ at: Date.UTC(2026, 0, 1), before: null, after: '1', why: 'first' }];
    if (champion === '2') history.push({ at: Date.UTC(2026, 0, 5), before: '1' as never, after: '2', why: 'by hand' });
    const challenger = champion === '2' ? null : '2';
    const model = { name: 'lstm-1m', family: 'lstm', interval: '1m', champion, challenger, versions, history };
    const reply: ModelsReply = { state: 'ok', detail: '', url: '', models: [model] };
    return route.fulfill({ json: reply });
  });
  await page.route('**/api/v1/models/lstm-1m/*', (route) => {
    const path = new URL(route.request().url()).pathname;
    asked.push({ path, body: route.request().postDataJSON() });
    const before = champion;
    champion = path.endsWith('promote') ? '2' : '1';
    return route.fulfill({ json: { name: 'lstm-1m', alias: 'champion', version: champion, before } });
  });
  await page.goto('/models');
  await page.getByRole('radiogroup', { name: 'Interval of the models' }).getByRole('radio', { name: '1m' }).click();
  return asked;
}

test('an operator promotes a version and takes it back', async ({ page }) => {
  const asked = await withRegistry(page, 'operator');
  await page.getByRole('button', { name: /LSTM/ }).first().click();
  const card = page.getByRole('complementary', { name: 'Model card' });
  await card.getByRole('button', { name: 'Promote…' }).click();
  const question = page.getByRole('dialog', { name: 'Promote lstm-1m v2?' });
  await expect(question).toContainText('It replaces v1');
  await expectNoViolations(page);
  await question.getByRole('button', { name: 'Promote v2' }).click();
  await expect(question).toBeHidden();
  await expect(card.getByText('lstm-1m v2 is champion.')).toBeVisible();

  await card.getByRole('button', { name: 'Roll back to v1…' }).click();
  const back = page.getByRole('dialog', { name: 'Roll lstm-1m back?' });
  await expect(back.getByRole('button', { name: 'Keep v2' })).toBeFocused();
  await back.getByRole('button', { name: 'Roll back to v1' }).click();
  await expect(card.getByText('lstm-1m v1 is champion.')).toBeVisible();
  expect(asked).toEqual([
    { path: '/api/v1/models/lstm-1m/promote', body: { version: '2' } },
    { path: '/api/v1/models/lstm-1m/rollback', body: {} },
  ]);
});

test('a viewer may look', async ({ page }) => {
  await withRegistry(page, 'viewer');
  await page.getByRole('button', { name: /LSTM/ }).first().click();
  const card = page.getByRole('complementary', { name: 'Model card' });
  await expect(card.getByText('Operators only')).toBeVisible();
  await expect(card.getByRole('button', { name: /Promote|Roll back/ })).toHaveCount(0);
});
