import { Page } from '@playwright/test';

import { expect, test } from './live-page';
import { expectNoViolations } from './violations';

/** Tokens of the hub that tests/web/test_sign_in.py starts. */
const [VIEWER, OPERATOR] = [process.env['VIEWER_TOKEN']!, process.env['OPERATOR_TOKEN']!];

/** A row that an operator may send again. */
async function reject(page: Page): Promise<void> {
  const data = { symbol: 'AHEAD', ts: Date.now() + 3_600_000, price: 1, size: 1 };
  const headers = { Authorization: `Bearer ${OPERATOR}` };
  expect((await page.request.post('/api/v1/ticks', { data, headers })).status()).toBe(202);
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('a hub with tokens shows nothing to a stranger, and says when a token is none of its own', async ({ page }) => {
  await page.goto('/pipeline');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByLabel('Token')).toBeFocused();
  await expectNoViolations(page);
  await signIn(page, 'no-token-of-this-hub');
  await expect(page.getByRole('alert')).toHaveText('The hub knows no such token.');
  await expect(page.getByRole('region', { name: 'Agents' })).toHaveCount(0);
});

test('a viewer looks, is not asked again in this tab, and signs out', async ({ live, page, isMobile }) => {
  await reject(page);
  await page.goto('/pipeline');
  await signIn(page, VIEWER);
  const rejects = page.getByRole('region', { name: 'Rejects by reason' });
  await expect(rejects.getByText('operators').first()).toBeVisible();
  await expect(rejects.getByRole('button', { name: 'Redrive…' })).toHaveCount(0);
  await expect.poll(async () => (await live.log()).phase).toBe('open');
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(VIEWER);

  await page.reload();
  await expect(page.getByRole('region', { name: 'Agents' })).toHaveAttribute('data-state', 'ready');
  await expect.poll(async () => (await live.log()).phase).toBe('open');

  if (isMobile) await page.getByRole('button', { name: 'More' }).click();
  await expect(page.getByText('Viewer', { exact: true }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.getItem('token'))).toBeNull();
});

test('an operator sends a reject again with the token', async ({ page }) => {
  await reject(page);
  await page.goto('/pipeline');
  await signIn(page, OPERATOR);
  const rejects = page.getByRole('region', { name: 'Rejects by reason' });
  await rejects.getByRole('button', { name: 'Redrive…' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Redrive' }).click();
  await expect(rejects.getByText(/sent again, \d+ refused|is left to send/)).toBeVisible();
});
