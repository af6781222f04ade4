// What the page costs, by the browser's own tracing: `npm run build && npm run cost`. Prints one line of JSON:
// initial_kb (transferred, gzip), main_thread (share of a core), fps, heap_mb (used, at the end of each hour).
// The load: 500 symbols, 20 updates a second each, conflated, on the watchlist, for SECONDS, 20 if not said. Then HOURS,
// 8 if not said, of one symbol's log go by at once: bars of a second, forecasts of four families, their scores. 0 leaves
// either out.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { chromium } from '@playwright/test';

import { findBrowser } from './browser.mjs';
import { fakeHub } from './fake-hub.mjs';
import { EVENTS } from './seconds.mjs';

const PAGES = process.env.PAGES ?? path.join(import.meta.dirname, '../../causal_alpha/ui/static');
const SECONDS = Number(process.env.SECONDS ?? 20);
const HOURS = Number(process.env.HOURS ?? 8);
const [SYMBOLS, RATE] = [500, 20];
/** Seconds of the log in one message. */
const STEP = 120;

const browser = await chromium.launch(await findBrowser());
try {
  const cost = { initial_kb: await initialBytes(PAGES) };
  if (SECONDS) Object.assign(cost, await withPage({ count: SYMBOLS, rate: RATE }, (page) => busyFor(page, SECONDS)));
  if (HOURS) cost.heap_mb = await withPage({}, (page, hub) => passHours(page, hub, HOURS));
  console.log(JSON.stringify({ page_cost: { symbols: SYMBOLS, rate: RATE, seconds: SECONDS, hours: HOURS }, ...cost }));
} finally {
  await browser.close();
}

/** What `measure` finds on the Live page of a hub with this load. */
async function withPage(load, measure) {
  const hub = await fakeHub({ pages: PAGES, ...load });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  try {
    await page.goto(new URL('live?i=1s', hub.address).href);
    await page.locator('ca-price-chart canvas').first().waitFor();
    await page.waitForTimeout(3_000);
    return await measure(page, hub);
  } finally {
    await page.close();
    await hub.stop();
  }
}

async function busyFor(page, seconds) {
  const busy = await mainThread(browser, page, seconds);
  const rows = await page.locator('ca-watchlist-row').count();
  if (rows === 0) throw new Error('expected rows in the watchlist, was none');
  return { rows_in_view: rows, main_thread: busy.share, fps: busy.fps };
}

/** Used heap at the end of each hour, MB; an hour is over when the page has counted all its events. */
async function passHours(page, hub, hours) {
  const client = await page.context().newCDPSession(page);
  await client.send('HeapProfiler.enable');
  const heaps = [];
  for (let passed = STEP; passed <= hours * 3_600; passed += STEP) {
    hub.pass(STEP);
    const seen = page.locator(`ca-status-line[data-log-count="${passed * EVENTS}"]`);
    await seen.waitFor({ state: 'attached', timeout: 20_000 });
    if (passed % 3_600 === 0) heaps.push(await heap(client));
  }
  return heaps;
}

/** Used heap in MB after collections: the least of three, as one may miss what waits for a task, up to 7 MB. */
async function heap(client) {
  const sizes = [];
  for (let n = 0; n < 3; n++) {
    await client.send('HeapProfiler.collectGarbage');
    sizes.push((await client.send('Runtime.getHeapUsage')).usedSize);
    await new Promise((done) => setTimeout(done, 200));
  }
  return Number((Math.min(...sizes) / 2 ** 20).toFixed(2));
}

/** CPU share of the renderer's main thread and its frames a second, over `seconds`, from a trace. */
async function mainThread(browser, page, seconds) {
  await browser.startTracing(page, {
    categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'],
  });
  const frames = await page.evaluate(
    (ms) =>
      new Promise((done) => {
        let count = 0;
        const end = performance.now() + ms;
        const next = (now) => (now < end ? (count++, requestAnimationFrame(next)) : done(count));
        requestAnimationFrame(next);
      }),
    seconds * 1_000,
  );
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const [pid, tid] = renderer(traceEvents);
  // `tdur` is CPU time of the thread in µs, so that other load of the machine doesn't count. RunTask alone: it holds
  // all others, ThreadControllerImpl::RunTask of the category toplevel, too.
  const tasks = traceEvents.filter((event) => event.pid === pid && event.tid === tid && event.name === 'RunTask');
  if (!tasks.length) throw new Error('expected tasks of the main thread in the trace, was none');
  const micros = tasks.reduce((sum, event) => sum + (event.tdur ?? event.dur ?? 0), 0);
  return { share: Number((micros / (seconds * 1e6)).toFixed(3)), fps: Number((frames / seconds).toFixed(1)) };
}

/** Process and thread that ran the page's scripts most: its main thread. */
function renderer(events) {
  const names = events.filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain');
  const counts = names.map(({ pid, tid }) => [pid, tid, events.filter((e) => e.pid === pid && e.tid === tid).length]);
  const most = counts.sort((a, b) => b[2] - a[2])[0];
  if (!most) throw new Error('expected a renderer in the trace, was none');
  return most;
}

/** kB that the first paint needs, packed as the hub packs it: scripts and styles of index.html and all that they import at once. */
async function initialBytes(folder) {
  const html = await readFile(path.join(folder, 'index.html'), 'utf8');
  const known = new Set(await readdir(folder));
  const wanted = [...html.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map((match) => match[1]);
  const taken = new Map([['index.html', html]]);
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (taken.has(name) || !known.has(name)) continue;
    const text = await readFile(path.join(folder, name), 'utf8');
    taken.set(name, text);
    for (const match of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) wanted.push(match[1]);
  }
  const bytes = [...taken.values()].reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
  return Number((bytes / 1_000).toFixed(1));
}
