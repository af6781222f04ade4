import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

import { elementWidth } from '../../ui/plot/element-width';
import { countText } from '../../ui/text/number-text';
import { chance } from './calibration';
import { CalibrationLine } from './reliability-plot';

const LEFT = 34;
const RIGHT = 12;
const TOP = 6;
const FOOT = 184;

/** Is it flat? Where the truths fell in their own forecasts, a bar between two levels; shaded is chance. */
@Component({
  selector: 'ca-pit-plot',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <svg class="plot" [attr.width]="width()" height="204" role="img" [attr.aria-label]="spoken()">
      @for (bar of bars(); track $index) {
        <rect
          [attr.x]="bar.x"
          [attr.y]="y(bar.density)"
          [attr.width]="bar.width"
          [attr.height]="y(0) - y(bar.density)"
          [style.fill]="'color-mix(in srgb, var(--' + line().token + ') ' + (bar.odd ? 85 : 48) + '%, transparent)'"
        >
          <title>{{ bar.title }}</title>
        </rect>
        <rect
          class="band"
          [attr.x]="bar.x - 1"
          [attr.y]="y(1 + bar.chance)"
          [attr.width]="bar.width + 2"
          [attr.height]="y(max0(1 - bar.chance)) - y(1 + bar.chance)"
        />
      }
      <path class="flat" [attr.d]="'M' + left + ' ' + y(1) + 'H' + (width() - right)" />
      <text [attr.x]="left - 6" [attr.y]="y(1) + 4" text-anchor="end">1</text>
      <text [attr.x]="left - 6" [attr.y]="y(0)" text-anchor="end">0</text>
      <text [attr.x]="left" y="200">0</text>
      <text [attr.x]="(left + width() - right) / 2" y="200" text-anchor="middle">{{ caption() }}</text>
      <text [attr.x]="width() - right" y="200" text-anchor="end">1</text>
    </svg>
  `,
  styles: `
    .band {
      fill: color-mix(in srgb, var(--ink) 9%, transparent);
      pointer-events: none;
    }
    .flat {
      stroke: var(--ink-2);
      stroke-dasharray: 2 3;
    }
  `,
})
export class PitPlot {
  readonly line = input.required<CalibrationLine>();
  readonly levels = input.required<readonly number[]>();
  protected readonly width = elementWidth();
  protected readonly left = LEFT;
  protected readonly right = RIGHT;
  protected readonly max0 = (value: number): number => Math.max(0, value);

  protected readonly bars = computed(() => {
    const edges = [0, ...this.levels(), 1];
    const { densities, independent } = this.line().calibration;
    const room = Math.max(0, this.width() - LEFT - RIGHT);
    return densities.map((density, at) => {
      const [from, to] = [edges[at]!, edges[at + 1]!];
      const stray = chance(to - from, independent) / (to - from);
      return {
        x: LEFT + from * room + 1,
        width: Math.max(0, (to - from) * room - 2),
        density,
        chance: stray,
        odd: Math.abs(density - 1) > stray,
        title: `${+(from * 100).toFixed(1)} to ${+(to * 100).toFixed(1)} %: ${density.toFixed(2)} of what is expected`,
      };
    });
  });
  /** The wildest bars of a few forecasts shall not flatten the rest: above three times what is expected they are cut. */
  private readonly most = computed(() => Math.min(3, Math.max(1.2, ...this.bars().map((bar) => bar.density))));
  protected readonly caption = computed(
    () => `${this.line().label}, ${countText(this.line().calibration.n)} forecasts`,
  );
  protected readonly spoken = computed(() => {
    const odd = this.bars().filter((bar) => bar.odd).length;
    return `Where truths fell in the forecasts of ${this.caption()}: ${odd} of ${this.bars().length} bars differ from flat by more than chance`;
  });

  protected y(density: number): number {
    return TOP + ((this.most() - Math.min(density, this.most())) / this.most()) * (FOOT - TOP);
  }
}
