import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

import { elementWidth } from '../../ui/plot/element-width';
import { FloorRatio } from './calibration';

const LEFT = 116;
const RIGHT = 56;
const ROW = 22;

export interface FloorRow extends FloorRatio {
  readonly label: string;
  readonly token: string;
  readonly selected: boolean;
}

/** Is it better than the floor? CRPS over EWMA's with its 95 % interval, a line a version; left of 1 is better. */
@Component({
  selector: 'ca-floor-plot',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <svg class="plot" [attr.width]="width()" [attr.height]="height()" role="img" [attr.aria-label]="spoken()">
      <path class="one" [attr.d]="'M' + x(1) + ' 2V' + (height() - 26)" />
      @for (row of rows(); track row.label) {
        <g [attr.transform]="'translate(0 ' + (2 + $index * 22 + 11) + ')'">
          <text class="ink-2" [class.ink]="row.selected" x="14" y="4">{{ row.label }}</text>
          <path
            [style.stroke]="'var(--' + row.token + ')'"
            stroke-width="1.5"
            [attr.d]="'M' + x(row.ratio - row.half) + ' 0H' + x(row.ratio + row.half)"
          />
          <circle [attr.cx]="x(row.ratio)" r="3.5" [style.fill]="'var(--' + row.token + ')'" />
          <text class="ink" [attr.x]="width() - 12" y="4" text-anchor="end">{{ row.ratio.toFixed(3) }}</text>
        </g>
      }
      @for (tick of ticks(); track tick) {
        <text [attr.x]="x(tick)" [attr.y]="height() - 8" text-anchor="middle">{{ tick }}</text>
      }
    </svg>
  `,
  styles: `
    .one {
      stroke: var(--control);
    }
  `,
})
export class FloorPlot {
  readonly rows = input.required<readonly FloorRow[]>();
  protected readonly width = elementWidth();
  protected readonly height = computed(() => this.rows().length * ROW + 30);
  private readonly range = computed(() => {
    const low = Math.min(1, ...this.rows().map((row) => row.ratio - row.half));
    const high = Math.max(1, ...this.rows().map((row) => row.ratio + row.half));
    const room = Math.max(0.01, high - low) * 0.06;
    return [low - room, high + room] as const;
  });
  protected readonly ticks = computed(() => {
    const [low, high] = this.range();
    const step = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2].find((each) => (high - low) / each <= 4) ?? 5;
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, at) =>
      Number(((first + at) * step).toFixed(3)),
    );
  });
  protected readonly spoken = computed(() => {
    const rows = this.rows().map((row) => `${row.label} ${row.ratio.toFixed(3)}, give or take ${row.half.toFixed(3)}`);
    return `CRPS over that of EWMA, below 1 is better: ${rows.join('; ')}`;
  });

  protected x(value: number): number {
    const [low, high] = this.range();
    return LEFT + ((value - low) / (high - low)) * Math.max(0, this.width() - LEFT - RIGHT);
  }
}
