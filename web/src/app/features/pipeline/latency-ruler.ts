import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

import { LatencyRow } from '../../core/api/schema';
import { elementWidth } from '../../ui/plot/element-width';
import { LatencyPart, partsOf } from './latency-part';
import { msText } from './station';

const LEFT = 210;
const RIGHT = 90;
/** From one name to the next at least. */
const PITCH = 92;
/** A part that would not be seen is drawn this wide. */
const SEEN = 2;

/** How the median times of the stages add up: one bar, cut at the stages. */
@Component({
  selector: 'ca-latency-ruler',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (narrow()) {
      <p class="i2">Time a stage takes, p50 of the newest {{ passages() }}</p>
      <ol [attr.aria-label]="spoken()">
        @for (part of parts(); track part.stage) {
          <li>
            <span class="i2">{{ part.stage }}</span>
            <i [style.width.%]="part.share * 100"></i>
            <b>{{ part.p50 }} ms</b> <span class="i3">p99 {{ part.p99 }}</span>
          </li>
        }
      </ol>
    } @else {
      <svg class="plot" [attr.width]="width()" height="68" role="img" [attr.aria-label]="spoken()">
        <text class="ink title" x="14" y="28">Time a stage takes, p50</text>
        <text x="14" y="46">newest {{ passages() }} passages</text>
        @for (part of parts(); track part.stage) {
          <rect
            [attr.x]="part.x"
            y="18"
            [attr.width]="bar(part)"
            height="10"
            [style.fill]="'color-mix(in srgb, var(--ink) ' + ($odd ? 22 : 34) + '%, transparent)'"
          >
            <title>{{ part.stage }}: p50 {{ part.p50 }} ms, p99 {{ part.p99 }} ms</title>
          </rect>
          <path class="lead" [attr.d]="'M' + (part.x + 0.5) + ' 28v3L' + (part.name + 0.5) + ' 35'" />
          <text class="ink-2" [attr.x]="part.name" y="46">
            {{ part.stage }}
            <tspan class="ink">{{ part.p50 }}</tspan>
          </text>
          <text [attr.x]="part.name" y="60">p99 {{ part.p99 }}</text>
        }
        <text class="ink total" [attr.x]="width() - 80" y="28">{{ total() }} ms</text>
      </svg>
    }
  `,
  styles: `
    :host {
      display: block;
      min-height: 68px;
      overflow: hidden;
    }
    p {
      margin: 0;
      padding: 10px 16px 0;
      font: var(--t-11);
    }
    .lead {
      fill: none;
      stroke: var(--line-strong);
    }
    ol {
      margin: 0;
      padding: 4px 16px 8px;
      list-style: none;
    }
    li {
      display: grid;
      grid-template-columns: 84px 1fr auto 72px;
      align-items: center;
      gap: 8px;
      height: 28px;
    }
    li i {
      min-width: 2px;
      height: 8px;
      background: color-mix(in srgb, var(--ink) 34%, transparent);
    }
    li span:last-child {
      text-align: right;
    }
    .title {
      font: 600 12px var(--sans);
    }
    .total {
      font: 600 13px var(--sans);
    }
  `,
})
export class LatencyRuler {
  readonly rows = input.required<readonly LatencyRow[]>();
  protected readonly width = elementWidth();

  /** No room for names under their parts: a line each. */
  protected readonly narrow = computed(() => this.width() < 700);
  private readonly sum = computed(() => this.rows().reduce((sum, row) => sum + row.p50_ms, 0));
  protected readonly total = computed(() => msText(this.sum()));
  protected readonly passages = computed(() => Math.max(0, ...this.rows().map((row) => row.n)).toLocaleString('en-GB'));
  protected readonly parts = computed(() =>
    partsOf(this.rows(), LEFT, Math.max(0, this.width() - LEFT - RIGHT), PITCH),
  );
  protected readonly spoken = computed(() => {
    const stages = this.parts().map((part) => `${part.stage} ${part.p50} ms, 99 % below ${part.p99} ms`);
    return `Median time of each stage: ${stages.join('; ')}`;
  });

  /** A hair's breadth of ground parts neighbours. */
  protected bar(part: LatencyPart): number {
    return Math.max(SEEN, part.width - 2);
  }
}
