import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  ElementRef,
  inject,
  input,
  signal,
} from '@angular/core';

export interface PlotLine {
  readonly points: readonly (number | null)[];
  readonly width: number;
  /** The newest value in words, at the line's end. */
  readonly end: string;
}

export interface PlotGuide {
  readonly at: number;
  readonly text: string;
  readonly dotted?: boolean;
  readonly band?: readonly [number, number];
}

const [LEFT, RIGHT, TOP, FOOT] = [34, 58, 6, 20];

/** Lines over the newest scores, with what they are to be compared with: guides, and the band of mere chance. */
@Component({
  selector: 'ca-record-plot',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <svg class="plot" role="img" [attr.aria-label]="label()" [attr.width]="size().width" [attr.height]="size().height">
      @for (guide of guides(); track guide.at) {
        @if (guide.band; as band) {
          <rect
            class="band"
            [attr.x]="left"
            [attr.y]="y(band[1])"
            [attr.width]="span()"
            [attr.height]="y(band[0]) - y(band[1])"
          />
        }
        <line
          [class.dotted]="guide.dotted"
          [attr.x1]="left"
          [attr.x2]="left + span()"
          [attr.y1]="y(guide.at)"
          [attr.y2]="y(guide.at)"
        />
        <text [attr.x]="left - 6" [attr.y]="y(guide.at) + 4" text-anchor="end">{{ guide.text }}</text>
      }
      @for (line of drawn(); track $index) {
        <path [attr.d]="line.path" [attr.stroke-width]="line.width" />
        <text class="ink" [attr.x]="left + span() + 6" [attr.y]="line.endY">{{ line.end }}</text>
      }
      <text [attr.x]="left" [attr.y]="size().height - 5">{{ from() }}</text>
      <text [attr.x]="left + span()" [attr.y]="size().height - 5" text-anchor="end">now</text>
    </svg>
  `,
  styles: `
    :host {
      display: block;
      min-height: 0;
      overflow: hidden;
    }
    svg {
      display: block;
    }
    line {
      stroke: var(--control);
    }
    line.dotted {
      stroke-dasharray: 1.5 3.5;
    }
    .band {
      fill: color-mix(in srgb, var(--fan) 10%, transparent);
    }
    path {
      fill: none;
      stroke: var(--fan);
      stroke-linejoin: round;
    }
  `,
})
export class RecordPlot {
  readonly label = input.required<string>();
  readonly lines = input.required<readonly PlotLine[]>();
  readonly guides = input.required<readonly PlotGuide[]>();
  /** Lowest and highest value of the axis. */
  readonly range = input.required<readonly [number, number]>();
  /** What stands under the first point. */
  readonly from = input('');

  protected readonly left = LEFT;
  protected readonly size = signal({ width: 240, height: 120 });
  protected readonly span = computed(() => Math.max(20, this.size().width - LEFT - RIGHT));
  protected readonly drawn = computed(() => {
    const ends: number[] = [];
    return this.lines().map(({ points, width, end }) => {
      const step = this.span() / Math.max(1, points.length - 1);
      let pen = 'M';
      let path = '';
      let last = NaN;
      points.forEach((value, at) => {
        if (value === null) {
          pen = 'M';
          return;
        }
        path += `${pen}${(LEFT + at * step).toFixed(1)} ${this.y(value).toFixed(1)}`;
        pen = 'L';
        last = value;
      });
      if (Number.isNaN(last)) return { path, width, end: '', endY: 0 };
      let endY = this.y(last) + 4;
      // Two ends at one height would write over each other.
      for (const other of ends) if (Math.abs(other - endY) < 14) endY = other + (endY < other ? -14 : 14);
      ends.push(endY);
      return { path, width, end, endY };
    });
  });

  constructor() {
    const host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
    const sizes = new ResizeObserver(() => this.size.set({ width: host.clientWidth, height: host.clientHeight }));
    afterNextRender(() => sizes.observe(host));
    inject(DestroyRef).onDestroy(() => sizes.disconnect());
  }

  protected y(value: number): number {
    const [low, high] = this.range();
    const room = Math.max(20, this.size().height - TOP - FOOT);
    return TOP + (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low || 1)) * room;
  }
}
