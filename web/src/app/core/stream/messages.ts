import { Bar } from '../market/bar';
import { Forecast } from '../market/forecast';

/** The hub's messages as in docs/protocol.md. Times are ms UTC; a number that is not one comes as null. */
export interface Hello {
  readonly protocol: number;
  readonly boot: string;
  readonly seq: number;
  readonly resumed: boolean;
  readonly server: string;
  readonly ui: string;
  readonly intervals: readonly string[];
  readonly levels: readonly number[];
  readonly symbols: readonly string[];
}

export interface Health {
  readonly ts: number;
  readonly seq: number;
  readonly lag_ms: number | null;
  readonly watermark: number | null;
  readonly clients: number;
  readonly dropped: number;
  readonly conflated: number;
  readonly rejects: number;
  readonly provenance: { readonly kind: ProvenanceKind; readonly detail: string };
}

export type ProvenanceKind = 'live' | 'delayed' | 'replay' | 'synthetic' | 'foreign';

type Price = number | null;
type BarRow = readonly [
  symbol: string,
  interval: string,
  start: number,
  open: Price,
  high: Price,
  low: Price,
  close: Price,
  volume: Price,
  vwap: Price,
  trades: number,
  state: Bar['state'],
  revision: number,
  quality: Bar['quality'],
  source: string,
  bid: Price,
  ask: Price,
  bidSize: Price,
  askSize: Price,
  buyVolume: Price,
  knownAt: number,
];
type ForecastRow = readonly [
  symbol: string,
  interval: string,
  start: number,
  made: number,
  horizon: number,
  due: number,
  price: number,
  location: number,
  variance: number,
  quantiles: readonly number[],
  family: string,
  version: string,
  source: string,
];

export type QuoteEvent = readonly ['quote', symbol: string, ts: number, last: number, source: string];
export type BarState = readonly ['bar', ...BarRow];
export type StateEvent = QuoteEvent | BarState | readonly ['health', Health];

export type BarLog = readonly [seq: number, 'bar', ...BarRow];
export type ForecastLog = readonly [seq: number, 'forecast', ...ForecastRow];
export type ModelLog = readonly [seq: number, 'model', family: string, version: string, alias: string, text: string];
export type LogEvent = BarLog | ForecastLog | ModelLog;

export type ServerMessage =
  readonly ['hello', Hello] | readonly ['state', readonly StateEvent[]] | readonly ['log', readonly LogEvent[]];

const KINDS: readonly unknown[] = ['hello', 'state', 'log'];

/** The message in `text`, or null if it is of a kind this page doesn't know. Throws SyntaxError if it isn't JSON. */
export function decode(text: string): ServerMessage | null {
  const message: unknown = JSON.parse(text);
  return Array.isArray(message) && KINDS.includes(message[0]) ? (message as unknown as ServerMessage) : null;
}

/** Under which key a state event replaces an earlier one. */
export function stateKey(event: StateEvent): string {
  if (event[0] === 'bar') return `bar ${event[1]} ${event[2]}`;
  return event[0] === 'quote' ? `quote ${event[1]}` : event[0];
}

export function barOf(event: BarState | BarLog): Bar {
  const row = (event[0] === 'bar' ? event.slice(1) : event.slice(2)) as unknown as BarRow;
  const [, , start, open, high, low, close, volume, vwap, trades, state, revision, quality] = row;
  return { start, open, high, low, close, volume, vwap, trades, state, revision, quality };
}

export function forecastOf(event: ForecastLog): Forecast {
  const [, , , , start, made, horizon, due, price, , , quantiles, family, version] = event;
  return { start, made, horizon, due, price, quantiles, family, version };
}
