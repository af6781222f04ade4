import { WebSocketRoute } from '@playwright/test';

import { expect, test } from './live-page';

type LogRow = [seq: number, kind: string, ...rest: unknown[]];

/** What one socket carried before it was closed. */
interface Carried {
  readonly url: URL;
  readonly seqs: number[];
  hello?: { seq: number; resumed: boolean; boot: string };
  route: WebSocketRoute;
  server: WebSocketRoute;
}

test('a killed socket resumes and no log message is lost', async ({ live, page }) => {
  const sockets: Carried[] = [];
  let dark = false;
  await page.routeWebSocket(/\/ws\/v1/, (route) => {
    if (dark) {
      void route.close();
      return;
    }
    const server = route.connectToServer();
    const carried: Carried = { url: new URL(route.url()), seqs: [], route, server };
    sockets.push(carried);
    server.onMessage((message) => {
      const [kind, body] = JSON.parse(message.toString()) as [string, unknown];
      if (kind === 'hello') carried.hello = body as Carried['hello'] & object;
      if (kind === 'log') carried.seqs.push(...(body as LogRow[]).map(([seq]) => seq));
      route.send(message);
    });
  });

  await live.open();
  await expect.poll(async () => (await live.log()).count, { timeout: 60_000 }).toBeGreaterThan(5);
  const first = sockets[0]!;

  dark = true;
  await first.server.close();
  await first.route.close();
  await expect.poll(async () => (await live.log()).phase).toBe('offline');
  const lost = await live.log();
  await page.waitForTimeout(3_000);
  dark = false;

  await expect.poll(() => sockets.length, { timeout: 60_000 }).toBe(2);
  const second = sockets[1]!;
  expect(second.url.searchParams.get('since')).toBe(String(first.seqs.at(-1)));
  expect(second.url.searchParams.get('boot')).toBe(first.hello!.boot);
  await expect.poll(() => second.hello?.resumed).toBe(true);
  expect(second.hello!.seq).toBeGreaterThan(lost.seq);

  await expect.poll(async () => (await live.log()).seq).toBeGreaterThan(second.hello!.seq);
  const now = await live.log();
  const received = [...first.seqs, ...second.seqs].filter((seq) => seq <= now.seq);
  const whole = Array.from({ length: now.seq - first.hello!.seq }, (_, at) => first.hello!.seq + 1 + at);
  expect(received).toEqual(whole);
  expect(now).toMatchObject({ count: whole.length, holes: 0, phase: 'open' });
  expect(live.errors.filter((error) => !error.includes('WebSocket'))).toEqual([]);
});

test('the bars drawn after a resume are the hub’s', async ({ live, page }) => {
  let cut: (() => Promise<void>) | undefined;
  await page.routeWebSocket(/\/ws\/v1/, (route) => {
    const server = route.connectToServer();
    cut = async () => {
      await server.close();
      await route.close();
    };
  });
  await live.open();
  await cut!();
  await expect.poll(async () => (await live.log()).phase).toBe('open');
  await page.waitForTimeout(3_000);
  await page.getByRole('button', { name: 'Table' }).click();
  const symbol = await page.locator('ca-price-head .symbol').innerText();
  const rows = await page
    .locator('ca-bar-table tbody tr')
    .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent?.trim() ?? '')));
  const answer = await page.request.get(`/api/v1/bars/${encodeURIComponent(symbol)}?interval=1s&limit=80`);
  const { bars } = (await answer.json()) as { bars: { start: number; close: number | null; state: string }[] };
  const closes = new Map(bars.map((bar) => [new Date(bar.start).toISOString().slice(11, 19), bar]));
  const finals = rows.filter((row) => row[6]?.startsWith('final') && closes.get(row[0]!)?.state === 'final');
  expect(finals.length).toBeGreaterThan(20);
  for (const row of finals) {
    const close = closes.get(row[0]!)!.close;
    if (close !== null) expect(Number(row[4])).toBeCloseTo(close, 1);
  }
});

test('a late revision changes its own candle', async ({ live, page }) => {
  let forge = (row: LogRow): LogRow => row;
  await page.routeWebSocket(/\/ws\/v1/, (route) => {
    const server = route.connectToServer();
    server.onMessage((message) => {
      const [kind, body] = JSON.parse(message.toString()) as [string, LogRow[]];
      route.send(kind === 'log' ? JSON.stringify([kind, body.map((row) => forge(row))]) : message);
    });
  });
  await live.open();
  const symbol = await page.locator('ca-price-head .symbol').innerText();
  const answer = await page.request.get(`/api/v1/bars/${encodeURIComponent(symbol)}?interval=1s&limit=20`);
  const { bars } = (await answer.json()) as { bars: { start: number }[] };
  // Other symbols' bars become late ones of this symbol: one that is here, one that was never.
  const late = [bars[3]!.start, bars[3]!.start + 500];
  forge = (row) => {
    if (row[1] !== 'bar' || row[2] === symbol || !late.length) return row;
    const start = late.shift();
    return [row[0], 'bar', symbol, '1s', start, 50, 50, 50, 50, 1, 50, 1, 'revised', 9, 'ok', 'test'];
  };
  await expect.poll(() => late.length).toBe(0);
  await page.getByRole('button', { name: 'Table' }).click();
  const at = new Date(bars[3]!.start).toISOString().slice(11, 19);
  const rows = page.locator('ca-bar-table tr', { hasText: at });
  await expect(rows).toHaveCount(2);
  await expect(rows.filter({ hasText: 'revised' })).toHaveCount(2);
  await page.getByRole('button', { name: 'Chart', exact: true }).click();
  const before = await live.legend().innerText();
  await expect(live.legend()).not.toHaveText(before);
  expect(live.errors).toEqual([]);
});
