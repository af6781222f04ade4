import { ChangeDetectionStrategy, Component, computed, inject, input, output, signal, viewChild } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { ReasonRow, RedriveReply } from '../../core/api/schema';
import { Session } from '../../core/session/session';
import { Zone } from '../../core/zone/zone';
import { Clock } from '../../ui/clock/clock';
import { ConfirmDialog } from '../../ui/confirm/confirm-dialog';
import { countText } from '../../ui/text/number-text';
import { ageText } from '../../ui/text/time-text';
import { reasonText, redrivable } from './reject-reason';

const AT_ONCE = 500;

/** Rejected rows by reason. What a second try can help is sent again after a question, by operators. */
@Component({
  selector: 'ca-reject-table',
  imports: [ConfirmDialog],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <table class="tb">
      <thead>
        <tr>
          <th scope="col">Reason</th>
          <th scope="col" class="num">Rows</th>
          <th scope="col"><span class="visually-hidden">Share</span></th>
          <th scope="col">Last</th>
          <th scope="col"><span class="visually-hidden">Redrive</span></th>
        </tr>
      </thead>
      <tbody>
        @for (row of rows(); track row.reason) {
          <tr>
            <td [title]="row.reason">{{ text(row.reason) }}</td>
            <td class="num">{{ count(row.rows) }}</td>
            <td class="share" aria-hidden="true"><i [style.width.px]="width(row)"></i></td>
            <td class="i2">{{ age(row) }}</td>
            <td class="num">
              @if (!redrivable(row.reason)) {
                <span class="i3">kept</span>
              } @else if (session.operator()) {
                <button class="link" type="button" (click)="ask(row)">Redrive…</button>
              } @else {
                <span class="i3">operators</span>
              }
            </td>
          </tr>
        }
      </tbody>
    </table>
    <p class="note" role="status">{{ done() }}</p>
    <ca-confirm-dialog
      [heading]="'Send ' + text(asked()?.reason ?? '').toLowerCase() + ' again?'"
      verb="Redrive"
      busyVerb="Sending"
      keep="Keep them"
      [run]="redrive"
    >
      The newest rows of this reason that have not been sent again, at most {{ most }}, go back into ticks as they came.
      Each counts once, and those that still can’t be used come back here.
    </ca-confirm-dialog>
  `,
  styles: `
    .share {
      width: 70px;
      padding: 0;
    }
    .share i {
      display: block;
      height: 6px;
      background: color-mix(in srgb, var(--warn) 65%, transparent);
    }
    .link {
      padding: 0;
      color: var(--ink-2);
      text-decoration: underline;
      text-decoration-color: var(--line-strong);
      text-underline-offset: 2px;
    }
    .note {
      margin: 0;
      padding: 6px 14px;
      color: var(--ink-2);
    }
    .note:empty {
      display: none;
    }
    @media (max-width: 899.98px) {
      td {
        height: 44px;
      }
      .link {
        min-height: 44px;
      }
    }
  `,
})
export class RejectTable {
  readonly rows = input.required<readonly ReasonRow[]>();
  readonly changed = output();
  protected readonly most = AT_ONCE;
  protected readonly session = inject(Session);
  private readonly api = inject(HubApi);
  private readonly clock = inject(Clock);
  protected readonly zone = inject(Zone);
  private readonly dialog = viewChild.required(ConfirmDialog);
  protected readonly asked = signal<ReasonRow | null>(null);
  protected readonly done = signal('');
  private readonly largest = computed(() => Math.max(1, ...this.rows().map((row) => row.rows)));
  protected readonly text = reasonText;
  protected readonly redrivable = redrivable;

  protected count(rows: number): string {
    return countText(rows);
  }

  protected width(row: ReasonRow): number {
    return Math.max(2, (row.rows / this.largest()) * 66);
  }

  protected age(row: ReasonRow): string {
    return row.last === null ? '–' : `${ageText(this.clock.now() - row.last)} ago`;
  }

  protected ask(row: ReasonRow): void {
    this.asked.set(row);
    this.dialog().open();
  }

  protected readonly redrive = async (): Promise<void> => {
    const reason = this.asked()!.reason;
    const reply = await this.api.post<RedriveReply>('rejects/redrive', { reason, limit: AT_ONCE });
    this.done.set(
      reply.sent + reply.refused === 0
        ? `No ${reasonText(reason).toLowerCase()} row is left to send.`
        : `${countText(reply.sent)} sent again, ${countText(reply.refused)} refused.`,
    );
    this.changed.emit();
  };
}
