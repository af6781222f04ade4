// A hub over made-up walks with nothing behind it: for pictures of states that a real one is seldom in, and for
// measuring the page alone under a given load.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

import { secondsOf } from './seconds.mjs';
import { LEVELS, seeded, walk } from './walk.mjs';
import { acceptSocket } from './web-socket.mjs';

const TYPES = { js: 'text/javascript', css: 'text/css', html: 'text/html', svg: 'image/svg+xml', woff2: 'font/woff2' };
const NAMES = ['AAPL', 'SPY', 'QQQ', 'MSFT', 'AMZN', 'TSLA', 'JPM', 'BAC', 'V', 'MU', 'GLD', 'UGA'];
const COMPANIES = { AAPL: 'Apple', MSFT: 'Microsoft', MU: 'Micron Technology', V: 'Visa' };
const INTERVALS = ['1s', '1m', '5m', '15m', '1h', '1d'];
const DAY = 86_400_000;

/**
 * Serves the page in `pages` with `count` symbols, `rate` quotes a second each in one message a `flushMs` (conflated, as
 * the hub does); `end` (ms) is the hub's now. Returns its address, `stop()`, `cut()`, which closes all sockets, and
 * `pass(seconds)`, which sends what so many seconds more of the first symbol say.
 */
export async function fakeHub({ pages, count = 12, rate = 0, flushMs = 50, end = Date.UTC(2019, 1, 13, 15, 42) }) {
  const random = seeded(7);
  const symbols = Array.from({ length: count }, (_, at) => NAMES[at] ?? `S${String(at).padStart(3, '0')}`);
  const walks = new Map();
  const of = (symbol) => {
    if (!walks.has(symbol)) walks.set(symbol, walk(symbol, 40 + symbols.indexOf(symbol), end, 20 + 150 * random()));
    return walks.get(symbol);
  };
  const last = new Map(symbols.map((symbol) => [symbol, count > 50 ? 100 : of(symbol).bars.at(-1).close]));
  const later = secondsOf(symbols[0], end, 1, LEVELS);
  const boot = 'walk';
  const hello = {
    protocol: 1,
    boot,
    seq: 1,
    resumed: false,
    server: '0.2.0',
    ui: '',
    intervals: INTERVALS,
    levels: LEVELS,
    symbols,
  };
  const health = () => [
    'health',
    {
      ...{
        ts: Date.now() - 12,
        seq: 1,
        lag_ms: 26,
        watermark: end,
        clients: 1,
        dropped: 0,
        conflated: 1204,
        rejects: 3,
      },
      provenance: { kind: 'replay', detail: 'replay:walk' },
    },
  ];
  const quote = (symbol) => ['quote', symbol, symbol === 'UGA' ? end - 120_000 : end, last.get(symbol), 'walk'];

  const answers = {
    bars: (symbol, query) => ({
      symbol,
      seq: 1,
      bars: query.get('interval') === '1d' ? days(symbol) : query.get('interval') === '1h' ? [] : of(symbol).bars,
    }),
    symbols: (symbol) =>
      symbol ? { symbol, name: COMPANIES[symbol] ?? '', intervals: ['1m', '1d'] } : { symbols: symbols.map(row) },
    sessions: (symbol) => ({ symbol, calendar: 'walk', sessions: [opening(-1), opening(0), opening(1)] }),
    forecasts: (symbol) => ({ symbol, seq: 1, forecasts: of(symbol).forecasts.slice(-Number(1e4)) }),
    scores: (_, query) => ({ seq: 1, scores: of(query.get('symbol')).scores, tallies: [] }),
    models: () => ({ state: 'ok', detail: '', url: '', models: [model()] }),
    session: () => ({ role: 'operator', tokens: false }),
    training: () => ({ url: '', jobs: [{ id: 'training:lstm-1m', state: 'running' }] }),
  };
  const row = (symbol) => ({
    ...{ symbol, name: COMPANIES[symbol] ?? '' },
    ...{ ts: end, last: last.get(symbol), source: 'walk' },
  });
  /** The sessions of the walks: 72 minutes of the last one are over at `end`. */
  const opening = (day) => ({ open: end + day * DAY - 72 * 60_000, close: end + day * DAY + 318 * 60_000 });
  const days = (symbol) => [
    { ...of(symbol).bars[170], start: Math.floor(end / DAY) * DAY - DAY, close: of(symbol).bars[170].close },
  ];

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://hub');
    const [, api, , name, symbol] = url.pathname.split('/');
    if (api === 'api') {
      const answer = answers[name]?.(decodeURIComponent(symbol ?? ''), url.searchParams);
      response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' });
      return response.end(JSON.stringify(answer ?? { error: `expected a known path, was ${url.pathname}` }));
    }
    const file = path.extname(url.pathname) ? url.pathname : '/index.html';
    try {
      const body = await readFile(path.join(pages, path.normalize(file)));
      response.writeHead(200, { 'Content-Type': TYPES[path.extname(file).slice(1)] ?? 'application/octet-stream' });
      return response.end(body);
    } catch {
      return response.writeHead(404).end();
    }
  });
  const sockets = new Set();
  server.on('upgrade', (request, socket) => {
    const client = acceptSocket(request, socket);
    sockets.add(client);
    client.send(JSON.stringify(['hello', hello]));
    client.send(JSON.stringify(['state', [...symbols.map(quote), health()]]));
    const beat = setInterval(() => client.send(JSON.stringify(['state', [health()]])), 2_000);
    const flush = rate && setInterval(() => client.send(JSON.stringify(['state', moved()])), flushMs);
    socket.on('close', () => {
      sockets.delete(client);
      clearInterval(beat);
      clearInterval(flush);
    });
  });
  /** What a conflating hub would send after `flushMs`: each symbol that moved, once. */
  const moved = () => {
    const share = Math.min(1, (rate * flushMs) / 1_000);
    const chosen = share === 1 ? symbols : symbols.filter(() => random() < share);
    for (const symbol of chosen) last.set(symbol, last.get(symbol) * (1 + 1e-4 * (random() - 0.5)));
    return chosen.map(quote);
  };

  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    pass: (count) => sockets.forEach((socket) => socket.send(JSON.stringify(['log', later(count)]))),
    cut: () => sockets.forEach((socket) => socket.close()),
    stop: () => {
      sockets.forEach((socket) => socket.close());
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

function model() {
  const evidence = '1 1.1 0.9 1.4 2.2 1.9 3.4 6.1 5.2 11 16 24';
  const tags = { family: 'blend', interval: '1m', until: '2019-02-08', gate: 'passed', evidence };
  const metrics = { crps_ratio: 0.935, coverage_80: 0.799 };
  const version = {
    version: '31',
    created: Date.UTC(2019, 1, 9),
    aliases: ['champion'],
    run_id: 'r',
    url: '',
    tags,
    metrics,
  };
  const history = [{ at: version.created, before: null, after: '31', why: 'e 24 after 12 sessions' }];
  const aliases = { champion: '31', challenger: null };
  return { name: 'blend-1m', family: 'blend', interval: '1m', ...aliases, versions: [version], history };
}
