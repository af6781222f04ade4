import {
  BarEvent,
  BarLog,
  ForecastLog,
  Health,
  Hello,
  LogEvent,
  NoteLog,
  Provenance,
  QuoteEvent,
  ScoreLog,
  ServerMessage,
  StateEvent,
} from '../api/schema';
import { Bar } from '../market/bar';
import { Forecast } from '../market/forecast';
import { Score } from '../market/score';

export type { BarLog, ForecastLog, Health, Hello, LogEvent, NoteLog, QuoteEvent, ScoreLog, ServerMessage, StateEvent };
export type BarState = BarEvent;
export type ProvenanceKind = Provenance['kind'];

const NO_HELLO: Hello = {
  ...{ protocol: 0, boot: '', seq: 0, resumed: false, server: '', ui: '' },
  ...{ intervals: [], levels: [], symbols: [] },
};

/**
 * The message in `text`, or null if this page can't use it: no JSON, another kind, a hello without a number. Fields
 * and events that it doesn't know stay; a log event of an unknown kind still counts in the sequence.
 */
export function decode(text: string): ServerMessage | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(message)) return null;
  const [kind, body] = message as unknown[];
  if (kind === 'hello') return isHello(body) ? ['hello', { ...NO_HELLO, ...body }] : null;
  if (!Array.isArray(body)) return null;
  if (kind === 'state') return ['state', body.filter(isStateEvent)];
  return kind === 'log' ? ['log', body.filter(isLogEvent)] : null;
}

function isHello(body: unknown): body is Hello {
  const hello = body as Partial<Hello> | null;
  return typeof hello === 'object' && typeof hello?.seq === 'number' && typeof hello.boot === 'string';
}

function isStateEvent(event: unknown): event is StateEvent {
  if (!Array.isArray(event)) return false;
  const [kind, first] = event as unknown[];
  if (kind === 'health') return typeof (first as Partial<Health> | null)?.provenance?.kind === 'string';
  return (kind === 'quote' || kind === 'bar') && typeof first === 'string';
}

function isLogEvent(event: unknown): event is LogEvent {
  return Array.isArray(event) && typeof event[0] === 'number' && typeof event[1] === 'string';
}

/** Under which key a state event replaces an earlier one. */
export function stateKey(event: StateEvent): string {
  if (event[0] === 'bar') return `bar ${event[1]} ${event[2]}`;
  return event[0] === 'quote' ? `quote ${event[1]}` : event[0];
}

export function barOf(event: BarState | BarLog): Bar {
  const row = (event[0] === 'bar' ? event : event.slice(1)) as unknown as BarState;
  const [, , , start, open, high, low, close, volume, vwap, trades, state, revision, quality] = row;
  return { start, open, high, low, close, volume, vwap, trades, state, revision, quality };
}

export function forecastOf(event: ForecastLog): Forecast {
  const [, , , , start, made, horizon, due, price, , , quantiles, family, version, , shadow] = event;
  return { start, made, horizon, due, price, quantiles, family, version, shadow };
}

export function scoreOf(event: ScoreLog): Score {
  const [, , , , start, made, horizon, due, family, version, , truth, , crps, naive, , , inside80, inside95] = event;
  return { start, made, horizon, due, family, version, truth, crps, naive, inside80, inside95, shadow: event[21] };
}
