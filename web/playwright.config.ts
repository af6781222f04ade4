import { defineConfig } from '@playwright/test';

import { findBrowser } from './tools/browser.mjs';

const baseURL = process.env['BASE_URL'];
if (!baseURL) throw new Error('BASE_URL: expected the address of a running hub, was nothing');

// A trace films every frame and copies the page at every step: of a test that has failed once, where it is tried again.
const trace = process.env['CI'] ? 'on-first-retry' : 'retain-on-failure';

/** Specs that need somebody who kills the worker, or a hub with tokens. */
const special = [
  ...(process.env['KILL_SIGNAL'] ? [] : ['kill.desktop.spec.ts']),
  ...(process.env['VIEWER_TOKEN'] ? [] : ['sign-in.spec.ts']),
];

/**
 * Runs against a real worker whose data move; see tests/web/test_page.py, which starts one. Files run by name, and those
 * that need a forecast stand last: a worker that has just started speaks when its windows are full. Two at a time: one
 * page alone leaves a core idle.
 */
export default defineConfig({
  testDir: 'e2e',
  retries: process.env['CI'] ? 1 : 0,
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  reporter: [['list']],
  use: { baseURL, launchOptions: await findBrowser(), trace },
  projects: [
    {
      name: 'desktop',
      testIgnore: ['*phone.spec.ts', ...special],
      use: { viewport: { width: 1440, height: 900 } },
    },
    {
      name: 'phone',
      testIgnore: ['*desktop.spec.ts', ...special],
      use: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
    },
  ],
});
