import { computed, DestroyRef, effect, inject, Injectable, signal, untracked } from '@angular/core';

import { HubApi, HubError } from '../../core/api/hub-api';
import { PanelSource } from '../../core/api/polled';
import { ScoresReply } from '../../core/api/schema';
import { familyRank } from '../../core/market/forecast';
import { Score, scoreOfRow } from '../../core/market/score';
import { rollingTallies, tallyOf } from '../../core/market/tally';
import { Selection } from '../../core/selection/selection';
import { LogEvent, scoreOf, ScoreLog } from '../../core/stream/messages';
import { Stream } from '../../core/stream/stream';
import { LiveStore } from './live-store';

const PAGE = 2_000;
const KEPT = 6_000;
/** Scores in each point of the rolling record. */
export const ROLLING = 60;

/** How the forecasts of the chosen symbol and interval came out: the newest over HTTP, then by the log. */
@Injectable()
export class ScoreRecord implements PanelSource {
  /** Null before the first answer; an answer stays while a new one is fetched. */
  readonly value = signal<readonly Score[] | null>(null);
  readonly error = signal<HubError | null>(null);
  readonly at = signal(0);
  /** The log brings what is new: nothing is asked again in turns. */
  readonly every = 86_400_000;
  private readonly api = inject(HubApi);
  private readonly stream = inject(Stream);
  private readonly selection = inject(Selection);
  private readonly store = inject(LiveStore);
  private readonly all = computed(() => this.value() ?? []);
  private early: ScoreLog[] | null = [];
  private abort = new AbortController();
  private key = '';

  /** Of the chosen horizon, oldest first. */
  private readonly due = computed(() => this.all().filter((score) => score.horizon === this.store.horizon()));
  /** Of the chosen family and horizon; where it is the served one, of whoever served then. */
  readonly scores = computed(() => {
    const family = this.store.family();
    if (family === this.store.families()[0]) return this.due().filter((score) => !score.shadow);
    return this.due().filter((score) => score.family === family);
  });
  readonly rolling = computed(() => rollingTallies(this.scores(), ROLLING));
  /** One row a family that has been scored, the served one first. */
  readonly families = computed(() => {
    const names = [...new Set(this.due().map((score) => score.family))];
    return names
      .sort((a, b) => familyRank(a) - familyRank(b))
      .map((family) => ({ family, tally: tallyOf(this.due().filter((score) => score.family === family)) }));
  });

  constructor() {
    const leave = this.stream.subscribe({ log: (events) => this.take(events), reset: () => void this.reload() });
    inject(DestroyRef).onDestroy(() => {
      leave();
      this.abort.abort();
    });
    effect(() => {
      const key = `${this.selection.symbol()} ${this.selection.interval()}`;
      if (key.startsWith(' ') || key.endsWith(' ') || key === this.key) return;
      this.key = key;
      this.value.set(null);
      untracked(() => void this.reload());
    });
  }

  async reload(): Promise<void> {
    const [symbol, interval] = [this.selection.symbol(), this.selection.interval()];
    this.abort.abort();
    const { signal } = (this.abort = new AbortController());
    this.early = [];
    this.error.set(null);
    try {
      const page = await this.api.get<ScoresReply>('scores', { symbol, interval, limit: PAGE }, signal);
      if (signal.aborted) return;
      const later = this.early.filter((event) => event[0] > page.seq).map(scoreOf);
      this.early = null;
      this.value.set(joined(page.scores.map(scoreOfRow), later));
      this.at.set(Date.now());
    } catch (error) {
      if (signal.aborted) return;
      this.error.set(error instanceof HubError ? error : new HubError(0, (error as Error).message));
    }
  }

  private take(events: readonly LogEvent[]): void {
    const mine = events.filter((event): event is ScoreLog => event[1] === 'score');
    const here = mine.filter((event) => `${event[2]} ${event[3]}` === this.key);
    if (!here.length) return;
    if (this.early) this.early.push(...here);
    else {
      this.value.update((all) => joined(all ?? [], here.map(scoreOf)));
      this.at.set(Date.now());
    }
  }
}

/** By due time, each forecast once: a score that comes again replaces itself. */
function joined(scores: readonly Score[], more: readonly Score[]): readonly Score[] {
  const name = (score: Score): string => `${score.family} ${score.horizon} ${score.due}`;
  const all = new Map([...scores, ...more].map((score) => [name(score), score]));
  return [...all.values()].sort((a, b) => a.due - b.due).slice(-KEPT);
}
