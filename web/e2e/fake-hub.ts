import path from 'node:path';

import { FakeHub, fakeHub } from '../tools/fake-hub.mjs';
import { expect, test as base } from './live-page';

/** States that a real worker is seldom in: all families, sessions, a gap, a stale symbol, a record, a hub that is gone. */
export const test = base.extend<{ hub: FakeHub }>({
  hub: async ({}, use) => {
    const built = path.join(import.meta.dirname, '../../causal_alpha/ui/static');
    const hub = await fakeHub({ pages: process.env['PAGES'] ?? built });
    await use(hub);
    await hub.stop();
  },
});

export { expect };
