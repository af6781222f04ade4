import { defineConfig } from '@playwright/test';

import { findBrowser } from './tools/browser.mjs';

const baseURL = process.env['BASE_URL'];
if (!baseURL) throw new Error('BASE_URL: expected the address of a running hub, was nothing');

/** Specs that need somebody who kills the worker, or a hub with tokens. */
const special = [
  ...(process.env['KILL_SIGNAL'] ? [] : ['kill.desktop.spec.ts']),
  ...(process.env['VIEWER_TOKEN'] ? [] : ['sign-in.spec.ts']),
];

/** Runs against a real worker whose data move; see tests/web/test_page.py, which starts one. */
export default defineConfig({
  testDir: 'e2e',
  retries: process.env['CI'] ? 1 : 0,
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  reporter: [['list']],
  use: { baseURL, launchOptions: await findBrowser(), trace: 'retain-on-failure' },
  projects: [
    {
      name: 'desktop',
      testIgnore: special,
      use: { viewport: { width: 1440, height: 900 } },
    },
    {
      name: 'phone',
      testIgnore: ['*desktop.spec.ts', ...special],
      use: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
    },
  ],
});
