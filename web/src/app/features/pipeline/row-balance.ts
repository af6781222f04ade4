import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

import { Balance } from '../../core/api/schema';
import { Icon } from '../../ui/icon/icon';
import { countText } from '../../ui/text/number-text';

/** The law of the pipeline as an equation: each row that came in is in a bar or has a reason. */
@Component({
  selector: 'ca-row-balance',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @for (term of terms(); track term.name) {
      @if (term.sign) {
        <span class="sign" aria-hidden="true">{{ term.sign }}</span>
      }
      <div>
        <b>{{ term.count }}</b><span class="i3">{{ term.name }}</span>
      </div>
    }
    @if (difference() === 0) {
      <span class="verdict"><ca-icon name="check" />Balanced</span>
    } @else {
      <span class="verdict bad" role="alert"
        ><ca-icon name="alert" />{{ difference() }} rows unaccounted for, report this</span
      >
    }
    <span class="motto i3">Nothing is dropped in silence.<br />Each row is in a bar or has a reason.</span>
  `,
  styles: `
    :host {
      display: flex;
      align-items: center;
      flex-wrap: wrap;
      gap: 8px 18px;
      min-height: 56px;
      padding: 8px 14px;
    }
    div {
      display: grid;
      line-height: 15px;
    }
    div b {
      font: var(--t-15);
      font-weight: 600;
    }
    .i3 {
      font-size: 11px;
    }
    .sign {
      font: var(--t-20);
      color: var(--ink-3);
    }
    .verdict {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      height: 20px;
      padding: 0 7px;
      border: 1px solid var(--line-strong);
      border-radius: var(--r1);
      font: var(--t-11);
      color: var(--ink-2);
      --icon: 12px;
    }
    .verdict.bad {
      border-color: var(--bad);
      color: var(--bad);
    }
    .motto {
      margin-left: auto;
      line-height: 15px;
      text-align: right;
    }
    @media (max-width: 899.98px) {
      :host {
        gap: 8px 12px;
        padding: 10px 16px;
      }
      .motto {
        display: none;
      }
    }
  `,
})
export class RowBalance {
  readonly balance = input.required<Balance>();

  protected readonly terms = computed(() => {
    const { rows, in_bars, late, duplicates, rejected } = this.balance();
    return [
      { sign: '', name: 'rows in', count: countText(rows) },
      { sign: '=', name: 'in bars', count: countText(in_bars) },
      { sign: '+', name: 'late', count: countText(late) },
      { sign: '+', name: 'duplicate', count: countText(duplicates) },
      { sign: '+', name: 'rejected', count: countText(rejected) },
    ];
  });
  protected readonly difference = computed(() => {
    const { rows, in_bars, late, duplicates, rejected } = this.balance();
    return rows - in_bars - late - duplicates - rejected;
  });
}
