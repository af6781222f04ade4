import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

import { LatencyRow } from '../../core/api/schema';
import { elementWidth } from '../../ui/plot/element-width';
import { msText } from './station';

const LEFT = 210;
const RIGHT = 90;
/** What a stage takes at least, so that its name can stand under it. */
const NARROWEST = 84;

/** How the median time of a stage adds up to that of all: one bar, cut at the stages. */
@Component({
  selector: 'ca-latency-ruler',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (narrow()) {
      <ol [attr.aria-label]="spoken()">
        @for (part of parts(); track part.stage) {
          <li>
            <span class="i2">{{ part.stage }}</span>
            <i [style.width.%]="part.share"></i>
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
            [attr.width]="part.width"
            height="10"
            [style.fill]="'color-mix(in srgb, var(--ink) ' + ($odd ? 22 : 34) + '%, transparent)'"
          >
            <title>{{ part.stage }}: p50 {{ part.p50 }} ms, p99 {{ part.p99 }} ms</title>
          </rect>
          <text class="ink-2" [attr.x]="part.x" y="46">
            {{ part.stage }}
            <tspan class="ink">{{ part.p50 }}</tspan>
          </text>
          <text [attr.x]="part.x" y="60">p99 {{ part.p99 }}</text>
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
    ol {
      margin: 0;
      padding: 8px 16px;
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
  protected readonly parts = computed(() => {
    const rows = this.rows();
    const room = Math.max(0, this.width() - LEFT - RIGHT);
    const least = Math.min(NARROWEST, room / Math.max(1, rows.length));
    const free = room - least * rows.length;
    let x = LEFT;
    return rows.map((row) => {
      const width = least + (row.p50_ms / (this.sum() || 1)) * free;
      const part = {
        stage: row.stage,
        x,
        width: Math.max(0, width - 2),
        share: (row.p50_ms / (this.sum() || 1)) * 100,
        p50: msText(row.p50_ms),
        p99: msText(row.p99_ms),
      };
      x += width;
      return part;
    });
  });
  protected readonly spoken = computed(() => {
    const stages = this.parts().map((part) => `${part.stage} ${part.p50} ms, 99 % below ${part.p99} ms`);
    return `Median time of each stage: ${stages.join('; ')}`;
  });
}
