import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

import { elementWidth } from '../../ui/plot/element-width';
import { linePath } from '../../ui/plot/line-path';
import { Evidence, GATE } from './evidence';

const LEFT = 40;
const RIGHT = 132;
const HEIGHT = 132;
const FOOT = 22;
/** Between the names at the ends of two lines. */
const LINE = 15;

/** The bet on each challenger, session by session, on a log axis: at the gate it has proven itself. */
@Component({
  selector: 'ca-evidence-plot',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <svg class="plot" [attr.width]="width()" height="132" role="img" [attr.aria-label]="spoken()">
      @for (tick of ticks(); track tick) {
        <path class="grid" [class.gate]="tick === gate" [attr.d]="'M40 ' + y(tick) + 'H' + right()" />
        <text x="32" [attr.y]="y(tick) + 4" text-anchor="end">{{ tick }}</text>
      }
      <text class="ink-2" x="46" [attr.y]="y(gate) - 4">gate</text>
      @for (line of lines(); track line.name) {
        <path class="line" [style.stroke]="'var(--' + line.token + ')'" [attr.d]="line.path" />
        <text class="ink" [attr.x]="right() + 8" [attr.y]="line.label + 4">{{ line.name }}, {{ line.e }}</text>
      }
      <text x="40" y="128">first session</text>
      <text [attr.x]="right()" y="128" text-anchor="end">last</text>
    </svg>
  `,
  styles: `
    :host {
      display: block;
      padding-bottom: 8px;
    }
    .grid {
      stroke: var(--line);
    }
    .gate {
      stroke: var(--control);
    }
    .line {
      fill: none;
      stroke-width: 1.5;
    }
  `,
})
export class EvidencePlot {
  readonly evidence = input.required<readonly Evidence[]>();
  protected readonly width = elementWidth();
  protected readonly gate = GATE;
  protected readonly right = computed(() => Math.max(LEFT, this.width() - RIGHT));

  private readonly range = computed(() => {
    const all = this.evidence().flatMap((each) => each.path);
    return [Math.log(Math.min(0.5, ...all)), Math.log(Math.max(GATE * 1.5, ...all))] as const;
  });
  protected readonly ticks = computed(() => {
    const [low, high] = this.range();
    return [0.01, 0.1, 1, GATE, 400, 8_000].filter((tick) => Math.log(tick) >= low && Math.log(tick) <= high);
  });
  protected readonly lines = computed(() => {
    const lines = this.evidence().map(({ name, token, path, now }) => {
      const step = (this.right() - LEFT) / Math.max(1, path.length - 1);
      const points = path.map((e, at) => [LEFT + at * step, this.y(e)] as const);
      return { name, token, path: linePath(points), e: now.toPrecision(3), label: this.y(now) };
    });
    // Names that would lie over each other move down, in the order of their lines.
    let free = 0;
    return [...lines]
      .sort((a, b) => a.label - b.label)
      .map((line) => {
        const label = Math.max(line.label, free);
        free = label + LINE;
        return { ...line, label };
      });
  });
  protected readonly spoken = computed(() => {
    const lines = this.evidence().map((each) => `${each.name} ${each.now.toPrecision(3)}`);
    return `Evidence for the challenger, ${GATE} promotes it: ${lines.join('; ')}`;
  });

  protected y(e: number): number {
    const [low, high] = this.range();
    return 6 + (1 - (Math.log(e) - low) / (high - low)) * (HEIGHT - FOOT - 12);
  }
}
