import { FeaturesReply } from '../../core/api/schema';

/** What is known of one feature from the vectors at hand. `values` oldest first, null while its window fills. */
export interface FeatureLine {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly last: number | null;
  /** Share of vectors without a number. */
  readonly missing: number;
  /** Mean of the newest quarter less that of the rest, in the rest's standard deviations; null with too few. */
  readonly shift: number | null;
  /** Bars that it looks back over; null where the hub doesn't say. */
  readonly lookback: number | null;
  readonly ready: boolean;
}

/** Vectors from which a shift is said: a quarter of them is a mean worth the name. */
const ENOUGH = 40;

export function linesOf(reply: FeaturesReply): readonly FeatureLine[] {
  const specs = new Map((reply.specs ?? []).map((spec) => [spec.name, spec]));
  return reply.names.map((name, at) => {
    const values = reply.features.map((row) => row.values[at] ?? null);
    const last = values.at(-1) ?? null;
    const spec = specs.get(name);
    const missing = values.length ? values.filter((value) => value === null).length / values.length : 0;
    return {
      name,
      values,
      last,
      missing,
      shift: shiftOf(values),
      lookback: spec?.lookback ?? null,
      ready: spec?.ready ?? last !== null,
    };
  });
}

export function shiftOf(values: readonly (number | null)[]): number | null {
  const cut = Math.floor(values.length * 0.75);
  const old = values.slice(0, cut).filter((value) => value !== null);
  const recent = values.slice(cut).filter((value) => value !== null);
  if (old.length + recent.length < ENOUGH || recent.length < ENOUGH / 4) return null;
  const mean = average(old);
  const spread = Math.sqrt(average(old.map((value) => (value - mean) ** 2)));
  return spread > 0 ? (average(recent) - mean) / spread : null;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Four figures of a number of any size: 0.001234, −1.235e−8, 61,250. */
export function valueText(value: number | null): string {
  if (value === null) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size < 1e-5 || size >= 1e7 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
  return text.replaceAll('-', '−');
}
