import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

import { elementWidth } from '../../ui/plot/element-width';
import { linePath } from '../../ui/plot/line-path';
import { signedText } from '../../ui/text/number-text';
import { Calibration, chance } from './calibration';

const LEFT = 36;
const RIGHT = 96;
const HEIGHT = 204;
const BOTTOM = 20;
const LABEL = 13;

export interface CalibrationLine {
  readonly label: string;
  readonly token: string;
  readonly selected: boolean;
  readonly calibration: Calibration;
}

/** Is it right at each level? Observed less nominal share of truths below it, in points; shaded is chance. */
@Component({
  selector: 'ca-reliability-plot',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <svg class="plot" [attr.width]="width()" height="204" role="img" [attr.aria-label]="spoken()">
      <path class="band" [attr.d]="band()" />
      <path class="zero" [attr.d]="'M' + left + ' ' + y(0) + 'H' + (width() - right)" />
      @for (guide of guides(); track guide) {
        <text [attr.x]="left - 6" [attr.y]="y(guide) + 4" text-anchor="end">{{ sign(guide) }}</text>
      }
      @for (line of lines(); track line.label) {
        <path
          class="curve"
          [class.other]="!line.selected"
          [style.stroke]="'var(--' + line.token + ')'"
          [attr.d]="curve(line)"
        />
        @if (line.selected) {
          @for (gap of line.calibration.gaps; track $index) {
            <circle
              [attr.cx]="x(levels()[$index]!)"
              [attr.cy]="y(gap * 100)"
              r="2.6"
              [style.fill]="'var(--' + line.token + ')'"
            />
          }
        }
      }
      @for (name of names(); track name.label) {
        <text [class.ink]="name.selected" class="ink-2" [attr.x]="width() - right + 8" [attr.y]="name.y + 4">
          {{ name.label }}
        </text>
      }
      @for (tick of [10, 50, 90]; track tick) {
        <text [attr.x]="x(tick / 100)" y="200" text-anchor="middle">{{ tick }}</text>
      }
    </svg>
  `,
  styles: `
    path {
      fill: none;
    }
    .band {
      fill: color-mix(in srgb, var(--ink) 7%, transparent);
    }
    .zero {
      stroke: var(--control);
    }
    .curve {
      stroke-width: 1.6;
    }
    .other {
      stroke-width: 1;
      stroke-dasharray: 3 3;
    }
  `,
})
export class ReliabilityPlot {
  readonly lines = input.required<readonly CalibrationLine[]>();
  readonly levels = input.required<readonly number[]>();
  protected readonly width = elementWidth();
  protected readonly left = LEFT;
  protected readonly right = RIGHT;
  protected readonly sign = (points: number): string => signedText(points, 0);

  private readonly independent = computed(
    () => (this.lines().find((line) => line.selected) ?? this.lines()[0])?.calibration.independent ?? 1,
  );
  /** The scale is even around zero and holds both chance and lines. */
  private readonly most = computed(() => {
    const gaps = this.lines().flatMap((line) => line.calibration.gaps.map((gap) => Math.abs(gap) * 100));
    return Math.max(1, chance(0.5, this.independent()) * 100, ...gaps) * 1.12;
  });
  protected readonly guides = computed(() => {
    const step = [1, 2, 5, 10, 20, 50].find((each) => this.most() / each <= 2.5) ?? 50;
    return [-step, 0, step];
  });
  protected readonly band = computed(() => {
    const edge = (sign: number) => (level: number) =>
      [this.x(level), this.y(sign * chance(level, this.independent()) * 100)] as const;
    const levels = this.levels();
    return `${linePath([...levels.map(edge(1)), ...[...levels].reverse().map(edge(-1))])}Z`;
  });
  /** Names at the ends of the lines, pushed apart so that none covers another. */
  protected readonly names = computed(() => {
    const names = this.lines()
      .map(({ label, selected, calibration }) => ({ label, selected, y: this.y((calibration.gaps.at(-1) ?? 0) * 100) }))
      .sort((a, b) => a.y - b.y);
    let above = -Infinity;
    const apart = names.map((name) => ({ ...name, y: (above = Math.max(name.y, above + LABEL)) }));
    const over = Math.max(0, above - (HEIGHT - BOTTOM));
    return apart.map((name) => ({ ...name, y: name.y - over }));
  });
  protected readonly spoken = computed(() => {
    const lines = this.lines().map(({ label, calibration }) => {
      const worst = calibration.gaps.reduce((most, gap) => (Math.abs(gap) > Math.abs(most) ? gap : most), 0);
      return `${label}: at most ${signedText(worst * 100, 1)} points off, over ${calibration.n} forecasts`;
    });
    return `Observed less nominal share of truths below each level. ${lines.join('; ')}`;
  });

  protected curve(line: CalibrationLine): string {
    return linePath(line.calibration.gaps.map((gap, at) => [this.x(this.levels()[at]!), this.y(gap * 100)] as const));
  }

  protected x(level: number): number {
    return LEFT + level * Math.max(0, this.width() - LEFT - RIGHT);
  }

  protected y(points: number): number {
    return 4 + ((this.most() - points) / (2 * this.most())) * (HEIGHT - BOTTOM - 8);
  }
}
