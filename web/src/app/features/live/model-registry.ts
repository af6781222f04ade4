import { computed, inject, Injectable } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { polled } from '../../core/api/polled';
import { ModelsReply } from '../../core/api/schema';
import { isFallback } from '../../core/market/forecast';
import { Selection } from '../../core/selection/selection';
import { BadgeTone } from '../../ui/badge/badge';
import { LiveStore } from './live-store';

const EVERY_MS = 30_000;

/** The registered version behind the forecast that is drawn, as far as the registry tells. */
@Injectable()
export class ModelRegistry {
  private readonly api = inject(HubApi);
  private readonly store = inject(LiveStore);
  private readonly selection = inject(Selection);
  readonly reply = polled<ModelsReply>((signal) => this.api.get<ModelsReply>('models', {}, signal), EVERY_MS);

  readonly name = computed(() => `${this.store.forecast()?.family ?? ''}-${this.selection.interval()}`);
  private readonly model = computed(() => this.reply.value()?.models.find((each) => each.name === this.name()) ?? null);
  readonly version = computed(
    () => this.model()?.versions.find((each) => each.version === this.store.forecast()?.version) ?? null,
  );
  /** The bar until which the model has seen data, as its training wrote it; empty where unknown. */
  readonly until = computed(() => this.version()?.tags['until'] ?? '');
  readonly state = computed((): { readonly text: string; readonly tone: BadgeTone } => {
    const forecast = this.store.forecast();
    if (!forecast) return { text: '', tone: 'plain' };
    const served = forecast.family === this.store.families()[0];
    if (served && isFallback(forecast)) return { text: 'Fallback', tone: 'fallback' };
    if (!served) return { text: 'Shadow', tone: 'plain' };
    const model = this.model();
    if (model && model.champion !== forecast.version) return { text: 'Earlier champion', tone: 'fallback' };
    return { text: 'Champion', tone: 'strong' };
  });
}
