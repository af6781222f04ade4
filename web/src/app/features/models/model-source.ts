import { inject, Injectable } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { ForecastsReply, ModelsReply, ScoresReply, TrainingReply } from '../../core/api/schema';
import { SaidRow } from './calibration';

/** Newest scores and forecasts that plots are made of: a minute's work of 6 symbols in 5 s, 1 MB at most. */
const SCORES = 5_000;
const FORECASTS = 1_000;
/** Symbols whose forecasts are fetched: each is a request. */
const SYMBOLS = 6;

/** What the Models page asks the hub for. */
@Injectable({ providedIn: 'root' })
export class ModelSource {
  private readonly api = inject(HubApi);

  models(abort: AbortSignal): Promise<ModelsReply> {
    return this.api.get<ModelsReply>('models', {}, abort);
  }

  /** The last training of every family and interval. */
  training(abort: AbortSignal): Promise<TrainingReply> {
    return this.api.get<TrainingReply>('training', {}, abort);
  }

  scores(interval: string, abort: AbortSignal): Promise<ScoresReply> {
    return this.api.get<ScoresReply>('scores', { interval, limit: SCORES }, abort);
  }

  async said(symbols: readonly string[], interval: string, abort: AbortSignal): Promise<readonly SaidRow[]> {
    const replies = await Promise.all(
      symbols
        .slice(0, SYMBOLS)
        .map((symbol) =>
          this.api.get<ForecastsReply>(
            `forecasts/${encodeURIComponent(symbol)}`,
            { interval, limit: FORECASTS },
            abort,
          ),
        ),
    );
    return replies.flatMap(({ symbol, forecasts }) => forecasts.map((row) => ({ symbol, ...row })));
  }
}
