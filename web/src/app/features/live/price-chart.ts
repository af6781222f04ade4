import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  effect,
  ElementRef,
  inject,
  Injector,
  input,
  output,
  signal,
  viewChild,
} from '@angular/core';

import { familyName, familyToken, isFallback } from '../../core/market/forecast';
import { intervalMs, isDaily } from '../../core/market/interval';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Palette, readPalette } from '../../core/theme/palette';
import { Theme } from '../../core/theme/theme';
import { reloadOnce } from '../../core/upgrade/reload-once';
import { Zone } from '../../core/zone/zone';
import { dayText, endText, isMidnight, startText } from '../../ui/text/time-text';
import { Icon } from '../../ui/icon/icon';
import type { ChartScene } from './chart/chart-scene';
import type { MarketChart } from './chart/market-chart';
import { LiveStore } from './live-store';

const FONT = '"IBM Plex Sans", system-ui, sans-serif';

/** Hosts the canvas chart: loads it when first shown, hands it bars outside change detection, and takes keys. */
@Component({
  selector: 'ca-price-chart',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div
      #host
      class="canvas"
      role="group"
      tabindex="0"
      [attr.aria-label]="label()"
      aria-describedby="legend"
      (keydown)="key($event)"
      (blur)="chart?.clearCursor()"
      (pointerup)="chart?.userMoved()"
      (pointerdown)="pressed = true"
      (window:pointerup)="release()"
      (wheel)="wheel()"
    ></div>
    @if (!daily()) {
      <span class="zone">{{ zone.label() }}</span>
    }
    @if (!following()) {
      <button class="btn live" type="button" (click)="goLive()"><ca-icon name="end" />Go live <kbd>End</kbd></button>
    }
    @if (failed()) {
      <p class="failed" role="alert">
        The chart did not load.
        <button class="btn" type="button" (click)="load()"><ca-icon name="retry" />Try again</button>
      </p>
    }
  `,
  styleUrl: './price-chart.scss',
})
export class PriceChart {
  readonly label = input.required<string>();
  /** Panes and lines: volume, truth, rsi, volatility, vwap, ema, and record for the bands behind the candles. */
  readonly shown = input.required<ReadonlySet<string>>();
  /** Index of the bar under the crosshair, null at rest. */
  readonly cursor = output<number | null>();

  protected readonly zone = inject(Zone);
  protected readonly following = signal(true);
  protected readonly failed = signal(false);
  protected chart: MarketChart | null = null;
  protected pressed = false;

  private readonly host = viewChild.required<ElementRef<HTMLElement>>('host');
  private readonly store = inject(LiveStore);
  private readonly stream = inject(Stream);
  private readonly selection = inject(Selection);
  private readonly theme = inject(Theme);
  private readonly injector = inject(Injector);
  private readonly destroyed = inject(DestroyRef);
  protected readonly daily = computed(() => isDaily(this.selection.interval()));
  private gone = false;

  constructor() {
    this.destroyed.onDestroy(() => (this.gone = true));
    afterNextRender(() => void this.load());
  }

  goLive(): void {
    this.chart?.goLive();
  }

  /** The chart as a picture, null before it stands. */
  picture(): HTMLCanvasElement | null {
    return this.chart?.picture() ?? null;
  }

  moveCursor(step: number): void {
    this.chart?.moveCursor(step);
  }

  protected async load(): Promise<void> {
    this.failed.set(false);
    try {
      const fonts = Promise.all([document.fonts.load(`400 11px ${FONT}`), document.fonts.load(`600 11px ${FONT}`)]);
      const [{ MarketChart }] = await Promise.all([import('./chart/market-chart'), fonts]);
      if (!this.gone) this.start(MarketChart);
    } catch (error) {
      if (!reloadOnce(error)) this.failed.set(true);
    }
  }

  private start(Chart: typeof MarketChart): void {
    const host = this.host().nativeElement;
    const scene = this.scene();
    const chart = (this.chart = new Chart(
      host,
      scene,
      {
        tick: (ms, date) => this.tickText(ms, date),
        cursor: (ms) => startText(ms, this.zone.name(), this.selection.interval()),
      },
      {
        cursor: (at) => this.cursor.emit(at),
        following: (following) => this.following.set(following),
        nearStart: () => void this.store.loadOlder(),
      },
    ));
    const stop = this.store.listen((change) => {
      const bars = this.store.series.bars;
      scene.length = intervalMs(this.selection.interval());
      scene.sessions = this.store.sessions;
      scene.now = (bars.at(-1)?.start ?? 0) + scene.length;
      if (change) chart.applyBar(bars, change.bar, change.kind);
      else
        chart.setBars(
          bars,
          Math.max(
            0,
            bars.findIndex((bar) => bar.start === scene.bars[0]?.start),
          ),
        );
    });
    const sizes = new ResizeObserver(() => chart.resize(host.clientWidth, host.clientHeight));
    sizes.observe(host);
    const effects = this.follow(chart, scene);
    this.destroyed.onDestroy(() => {
      stop();
      sizes.disconnect();
      effects.forEach((each) => each.destroy());
      chart.remove();
    });
    scene.now = (this.store.series.last?.start ?? 0) + scene.length;
    scene.sessions = this.store.sessions;
    chart.setBars(this.store.series.bars);
  }

  private scene(): ChartScene {
    return {
      bars: [],
      sessions: [],
      length: intervalMs(this.selection.interval()),
      fan: null,
      fanTitle: '',
      fallback: false,
      levels: this.stream.hello()?.levels ?? [],
      palette: this.palette(),
      future: 0,
      roomy: true,
      rivals: [],
      showRecord: this.shown().has('record'),
      fontFamily: FONT,
      saidFor: (start) => this.store.saidFor(start),
      startText: (ms) => startText(ms, this.zone.name(), this.selection.interval()),
      endText: (ms) => endText(ms, this.zone.name(), this.selection.interval()),
      now: 0,
    };
  }

  private tickText(ms: number, date: boolean): string {
    if (isDaily(this.selection.interval())) return dayText(ms, 'UTC');
    const zone = this.zone.name();
    return date && this.opensDay(ms) ? dayText(ms, zone) : startText(ms, zone, this.selection.interval());
  }

  /** Whether the bar at `ms` is the first of its day in the page's zone. */
  private opensDay(ms: number): boolean {
    const zone = this.zone.name();
    const before = this.store.series.bars[this.store.series.indexOf(ms) - 1];
    return before ? dayText(before.start, zone) !== dayText(ms, zone) : isMidnight(ms, zone);
  }

  /** The fan has its family's hue; a stand-in is drawn as the served forecast that it is, with dashed edges. */
  private palette(): Palette {
    const palette = readPalette(document.documentElement);
    const token = familyToken(this.store.family() ?? 'blend');
    return { ...palette, fan: palette.family[token === 'floor' ? 'blend' : token] };
  }

  private follow(chart: MarketChart, scene: ChartScene) {
    const options = { injector: this.injector };
    return [
      effect(() => {
        scene.levels = this.stream.hello()?.levels ?? [];
        const fan = this.store.fan();
        scene.showRecord = this.shown().has('record');
        scene.rivals = this.store.rivals();
        scene.fallback = fan !== null && isFallback(fan.far);
        const bars = fan?.far.horizon === 1 ? 'next bar' : `next ${fan?.far.horizon} bars`;
        scene.fanTitle = fan ? `${familyName(fan.far.family)}, ${bars}` : '';
        chart.setFan(fan);
      }, options),
      effect(() => {
        this.theme.shown();
        this.theme.palette();
        this.store.family();
        // The attribute on <html> is set by an effect too: read the tokens when all have run.
        queueMicrotask(() => {
          if (this.gone) return;
          chart.setPalette(this.palette());
          chart.setEdges(this.store.forecast());
        });
      }, options),
      effect(() => chart.setEdges(this.store.forecast()), options),
      effect(() => chart.setShown(this.shown()), options),
      effect(() => {
        this.zone.name();
        chart.rewrite();
      }, options),
    ];
  }

  protected key(event: KeyboardEvent): void {
    const actions: Partial<Record<string, () => void>> = {
      ArrowLeft: () => this.chart?.moveCursor(event.shiftKey ? -10 : -1),
      ArrowRight: () => this.chart?.moveCursor(event.shiftKey ? 10 : 1),
      '+': () => this.chart?.zoom(0.8),
      '-': () => this.chart?.zoom(1.25),
      Escape: () => this.chart?.clearCursor(),
    };
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  protected release(): void {
    if (this.pressed) this.chart?.userMoved();
    this.pressed = false;
  }

  protected wheel(): void {
    requestAnimationFrame(() => this.chart?.userMoved());
  }
}
