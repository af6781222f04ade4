import { LatencyRow } from '../../core/api/schema';
import { msText } from './station';

/** A stage on the ruler: its true share of the bar, and where its name stands. All in CSS px. */
export interface LatencyPart {
  readonly stage: string;
  readonly x: number;
  readonly width: number;
  /** Where the name begins: under its part, or moved aside by its neighbours. */
  readonly name: number;
  readonly share: number;
  readonly p50: string;
  readonly p99: string;
}

/** The bar from `left`, `room` long, cut at the stages; names are `pitch` apart or more, for as long as all have room. */
export function partsOf(rows: readonly LatencyRow[], left: number, room: number, pitch: number): LatencyPart[] {
  const sum = rows.reduce((all, row) => all + row.p50_ms, 0) || 1;
  const apart = Math.min(pitch, room / Math.max(1, rows.length));
  let [x, next] = [left, left];
  return rows.map((row, at) => {
    const width = (row.p50_ms / sum) * room;
    const latest = left + room - (rows.length - at) * apart;
    const name = Math.min(Math.max(x, next), Math.max(latest, next));
    const texts = { stage: row.stage, p50: msText(row.p50_ms), p99: msText(row.p99_ms) };
    const part = { ...texts, x, width, name, share: row.p50_ms / sum };
    x += width;
    next = name + apart;
    return part;
  });
}
