import { AgentRow, PipelineReply, Rates } from '../../core/api/schema';

export type RateSpan = keyof Rates;
export const SPANS: readonly RateSpan[] = ['s10', 'm1', 'm15'];

/** The topics that the line goes through, in the order of the data. */
export const LINE = ['ticks', 'bars', 'features', 'forecasts', 'scores'] as const;

/** A topic on the map, and how long what it carries took to make. Null is what the hub can't know. */
export interface Station {
  readonly name: string;
  readonly rate: number | null;
  readonly rows: number | null;
  readonly lag: number | null;
  readonly p99: number | null;
}

/** `causal-alpha.ticks` is shown as ticks: an installation has one prefix. */
export function shortName(topic: string): string {
  return topic.slice(topic.lastIndexOf('.') + 1);
}

export function stationsOf(reply: PipelineReply, span: RateSpan): readonly Station[] {
  return LINE.map((name) => stationOf(name, reply, span));
}

/** Messages that wait for MongoDB, over all agents that archive; null where Kafka tells of none of them. */
export function archiveLagOf(agents: readonly AgentRow[]): number | null {
  const lags = agents.filter((agent) => agent.name.startsWith('archive_')).map((agent) => agent.lag);
  const known = lags.filter((lag) => lag !== null);
  return known.length ? known.reduce((sum, lag) => sum + lag, 0) : null;
}

function stationOf(name: string, reply: PipelineReply, span: RateSpan): Station {
  const topic = reply.topics.find((each) => shortName(each.name) === name);
  const took = reply.latency.find((each) => each.stage === name);
  return {
    name,
    rate: topic?.rates?.[span] ?? null,
    rows: topic?.rows ?? null,
    lag: topic?.lag ?? null,
    p99: took?.p99_ms ?? null,
  };
}

/** Width of a line that carries `rate` rows a second: a px for the first ten, one more for each tenfold. */
export function lineWidth(rate: number | null): number {
  return rate === null || rate <= 0 ? 1.2 : Math.min(6, 1.2 + Math.max(0, Math.log10(rate + 1)));
}

/** 20,140 or 1.3: one decimal below a hundred. */
export function rateText(rate: number | null): string {
  if (rate === null) return '–';
  return rate >= 100 ? Math.round(rate).toLocaleString('en-GB') : Number(rate.toFixed(1)).toString();
}

/** 9, 4.2, 0.03 ms: two figures below ten. */
export function msText(ms: number | null): string {
  if (ms === null) return '–';
  return ms >= 10 ? Math.round(ms).toLocaleString('en-GB') : Number(ms.toPrecision(2)).toString();
}
