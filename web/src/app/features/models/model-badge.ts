import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

import { Badge } from '../../ui/badge/badge';
import { ComparisonRow } from './comparison';

/** What a version does now: it serves, it speaks in shadow, it is kept, or it is the floor. */
@Component({
  selector: 'ca-model-badge',
  imports: [Badge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @switch (kind()) {
      @case ('champion') {
        <ca-badge class="champion">Champion</ca-badge>
      }
      @case ('challenger') {
        <ca-badge class="lesser">Challenger</ca-badge>
      }
      @case ('shadow') {
        <ca-badge class="lesser">Shadow</ca-badge>
      }
      @case ('served') {
        <ca-badge tone="fallback">Serves, fallback</ca-badge>
      }
      @case ('refused') {
        <ca-badge tone="bad">Refused</ca-badge>
      }
      @case ('floor') {
        <span class="i3">Floor</span>
      }
      @default {
        <span class="i3">Kept</span>
      }
    }
  `,
  styles: `
    .champion {
      border-color: var(--ink);
    }
    .lesser {
      font-weight: 400;
      color: var(--ink-2);
    }
  `,
})
export class ModelBadge {
  readonly row = input.required<ComparisonRow>();
  protected readonly kind = computed(() => {
    const { state, live, registered } = this.row();
    const tally = live.get(1) ?? live.get(5);
    if (registered?.tags['refused']) return 'refused';
    if (state === 'floor') return tally && !tally.shadow ? 'served' : 'floor';
    return state === 'kept' && tally?.shadow ? 'shadow' : state;
  });
}
