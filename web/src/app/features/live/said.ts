import { familyRank, Forecast } from '../../core/market/forecast';

const LIMIT = 4000;

/** What was said for each bar, by horizon and by the start of the bar it is about; all families of it. */
export class Said {
  private readonly byHorizon = new Map<number, Map<number, readonly Forecast[]>>();

  /** `length` of a bar in ms. */
  add(forecast: Forecast, length: number): void {
    let about = this.byHorizon.get(forecast.horizon);
    if (!about) this.byHorizon.set(forecast.horizon, (about = new Map<number, readonly Forecast[]>()));
    const start = forecast.due - length;
    const others = (about.get(start) ?? []).filter((each) => each.family !== forecast.family);
    about.set(
      start,
      [...others, forecast].sort((a, b) => familyRank(a.family) - familyRank(b.family)),
    );
    if (about.size > LIMIT) for (const old of [...about.keys()].slice(0, LIMIT / 4)) about.delete(old);
  }

  /** Of `family`, or of whoever served then where it is null. */
  of(start: number, horizon: number, family: string | null): Forecast | undefined {
    const all = this.byHorizon.get(horizon)?.get(start);
    return family === null
      ? (all?.find((each) => !each.shadow) ?? all?.[0])
      : all?.find((each) => each.family === family);
  }
}
