import { HubApi } from '../../core/api/hub-api';
import { ModelsReply, ScoresReply } from '../../core/api/schema';
import { isFloorFamily } from '../../core/market/forecast';
import { intervalMs } from '../../core/market/interval';

/** A view in which a trained model has spoken. */
export interface TrainedPlace {
  readonly interval: string;
  readonly symbol: string;
}

/** The intervals at which a trained family has a champion, the shortest first. */
export function trainedIntervals(models: ModelsReply['models']): readonly string[] {
  const spoken = models.filter((model) => model.champion !== null && !isFloorFamily(model.family));
  return [...new Set(spoken.map((model) => model.interval))].sort((a, b) => intervalMs(a) - intervalMs(b));
}

/** Where each of `intervals` can be seen: at `symbol` if somebody spoke of it there, else where a score is newest. */
export async function placesAt(
  api: HubApi,
  intervals: readonly string[],
  symbol: string,
  abort: AbortSignal,
): Promise<readonly TrainedPlace[]> {
  const places = await Promise.all(
    intervals.map(async (interval) => {
      const here = await api.forecasts(symbol, interval, { limit: 1 }, abort);
      if (here.forecasts.length) return [{ interval, symbol }];
      const { scores } = await api.get<ScoresReply>('scores', { interval, limit: 1 }, abort);
      return scores.map((score) => ({ interval, symbol: score.symbol }));
    }),
  );
  return places.flat();
}
