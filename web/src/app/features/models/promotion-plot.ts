import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';

import { ModelRow } from '../../core/api/schema';
import { familyName, versionText } from '../../core/market/forecast';
import { Zone } from '../../core/zone/zone';
import { elementWidth } from '../../ui/plot/element-width';
import { dateText, timeText } from '../../ui/text/time-text';
import { changesOf, lanesOf } from './service-lanes';

const LEFT = 116;
const RIGHT = 16;
const LANE = 22;
/** Below this width a label doesn't fit into its segment. */
const NARROW = 28;

/** Who served when, a lane a family; below it each change with its reason, newest first. */
@Component({
  selector: 'ca-promotion-plot',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <svg class="plot" [attr.width]="width()" [attr.height]="height()" role="img" [attr.aria-label]="spoken()">
      @for (lane of lanes(); track lane.name) {
        <g [attr.transform]="'translate(0 ' + $index * 22 + ')'">
          <text class="ink-2" x="14" y="15">{{ lane.name }}</text>
          @for (part of lane.segments; track part.from) {
            <rect
              [attr.x]="x(part.from)"
              y="3"
              [attr.width]="wide(part.from, part.to)"
              height="16"
              rx="2"
              [style.fill]="
                'color-mix(in srgb, var(--' + lane.token + ') ' + (part.current ? 42 : 18) + '%, transparent)'
              "
            />
            @if (wide(part.from, part.to) > narrow) {
              <text class="ink" [attr.x]="x(part.from) + 8" y="15">{{ part.label }}</text>
            }
          }
        </g>
      }
      @for (tick of ticks(); track tick.at) {
        <text [attr.x]="x(tick.at)" [attr.y]="height() - 4" [attr.text-anchor]="tick.anchor">{{ tick.text }}</text>
      }
    </svg>
    <ol>
      @for (change of changes(); track change.key) {
        <li>
          <span class="i3">{{ change.when }}</span> <b>{{ change.what }}</b>
          <span class="i2">{{ change.why }}</span>
        </li>
      }
    </ol>
  `,
  styles: `
    ol {
      margin: 8px 0 0;
      padding: 0 14px 8px;
      list-style: none;
    }
    li {
      display: flex;
      gap: 12px;
      min-height: 24px;
    }
    li span:last-child {
      min-width: 0;
      overflow-wrap: anywhere;
    }
    @media (max-width: 899.98px) {
      li {
        flex-wrap: wrap;
        gap: 0 8px;
        padding: 4px 0;
      }
    }
  `,
})
export class PromotionPlot {
  readonly models = input.required<readonly ModelRow[]>();
  readonly interval = input.required<string>();
  /** Where the lanes end, ms. */
  readonly until = input.required<number>();
  private readonly zone = inject(Zone);
  protected readonly width = elementWidth();
  protected readonly narrow = NARROW;
  protected readonly lanes = computed(() => lanesOf(this.models(), this.interval(), this.until()));
  protected readonly height = computed(() => this.lanes().length * LANE + 24);

  private readonly from = computed(() => {
    const starts = this.lanes().flatMap((lane) => lane.segments.map((part) => part.from));
    return Math.min(this.until() - 1, ...starts);
  });
  protected readonly ticks = computed(() => {
    const [from, to] = [this.from(), this.until()];
    const day = 86_400_000;
    const text = (at: number): string =>
      to - from > 3 * day ? dateText(at, this.zone.name()) : timeText(at, this.zone.name());
    return [
      { at: from, text: text(from), anchor: 'start' },
      { at: (from + to) / 2, text: text((from + to) / 2), anchor: 'middle' },
      { at: to, text: 'now', anchor: 'end' },
    ];
  });
  protected readonly changes = computed(() =>
    this.models()
      .filter((model) => model.interval === this.interval())
      .flatMap((model) =>
        changesOf(model).map((change) => ({
          key: `${model.name} ${change.at}`,
          at: change.at,
          when: `${dateText(change.at, this.zone.name())} ${timeText(change.at, this.zone.name())}`,
          what: `${familyName(model.family)} ${versionText(change.after)}`,
          why: [change.before === null ? 'first champion' : `after ${versionText(change.before)}`, change.why]
            .filter(Boolean)
            .join(', '),
        })),
      )
      .sort((a, b) => b.at - a.at),
  );
  protected readonly spoken = computed(() => {
    const lanes = this.lanes().map((lane) => `${lane.name} ${lane.segments.map((part) => part.label).join(', then ')}`);
    return `Who served when: ${lanes.join('; ')}`;
  });

  protected x(at: number): number {
    const share = (at - this.from()) / (this.until() - this.from());
    return LEFT + share * Math.max(0, this.width() - LEFT - RIGHT);
  }

  protected wide(from: number, to: number): number {
    return Math.max(2, this.x(to) - this.x(from) - 2);
  }
}
