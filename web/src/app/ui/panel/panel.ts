import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';

import { PanelSource } from '../../core/api/polled';
import { Stream } from '../../core/stream/stream';
import { Zone } from '../../core/zone/zone';
import { Clock } from '../clock/clock';
import { PanelState } from '../panel-state/panel-state';
import { ageText, timeText } from '../text/time-text';

/**
 * A titled part of a page with all states of its data: skeleton while the first answer is under way, what failed and
 * a way to try again, what is missing, and, when only the newest try failed or the hub is away, the last good content
 * in grey with its age.
 */
@Component({
  selector: 'ca-panel',
  imports: [PanelState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'region', '[attr.aria-label]': 'heading()', '[attr.data-state]': 'state()' },
  template: `
    <header class="panel-head" [hidden]="bare() && (state() === 'ready' || state() === 'loading')">
      <h2>{{ heading() }}</h2>
      @switch (state()) {
        @case ('offline') {
          <span class="sub bad"><i class="dot off"></i> offline</span>
          <span class="sub">kept from {{ kept() }}</span>
        }
        @case ('stale') {
          <span class="sub warn" [title]="problem()"><i class="dot stale"></i> {{ age() }} old</span>
          <button class="again" type="button" (click)="of().reload()">Try again</button>
        }
        @default {
          <span class="sub caption">{{ caption() }}</span>
        }
      }
      <span class="actions"><ng-content select="[actions]" /></span>
    </header>
    @if (state() === 'loading') {
      <ca-panel-state phase="loading" [what]="'Loading ' + lower()" />
    } @else if (state() === 'failed') {
      <ca-panel-state
        phase="failed"
        [what]="heading() + ' did not load'"
        [detail]="problem()"
        (retry)="of().reload()"
      />
    } @else if (empty()) {
      <ca-panel-state phase="empty" [what]="empty()" [detail]="emptyDetail()" />
    } @else {
      <div class="body" [class.faded]="state() !== 'ready'"><ng-content /></div>
    }
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      min-width: 0;
      min-height: 0;
    }
    .panel-head {
      min-width: 0;
    }
    .caption {
      min-width: 0;
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .sub .dot {
      margin-right: 4px;
    }
    .again {
      padding: 0;
      font: var(--t-11);
      color: var(--ink-2);
      text-decoration: underline;
      text-decoration-color: var(--line-strong);
      text-underline-offset: 2px;
    }
    .actions {
      display: flex;
      align-items: center;
      gap: 8px;
      margin-left: auto;
    }
    .body {
      display: flex;
      flex-direction: column;
      flex: 1;
      min-height: 0;
    }
    /* Grey, but as legible as before: old numbers are still read. */
    .faded {
      filter: grayscale(1);
    }
  `,
})
export class Panel {
  readonly heading = input.required<string>();
  readonly caption = input('');
  /** Whether the content says itself what it is: the head then shows only when something is wrong. */
  readonly bare = input(false);
  readonly of = input.required<PanelSource>();
  /** What to say instead of the content when there is nothing to show; the detail says when there will be. */
  readonly empty = input('');
  readonly emptyDetail = input('');

  private readonly stream = inject(Stream);
  private readonly zone = inject(Zone);
  private readonly clock = inject(Clock);

  protected readonly state = computed(() => {
    const source = this.of();
    const failed = source.error() !== null;
    if (source.value() === null) return failed ? 'failed' : 'loading';
    if (this.stream.connection().phase === 'offline') return 'offline';
    if (failed) return 'stale';
    // A value that three asks in a row didn't renew is old, whatever the reason.
    return this.clock.now() - source.at() > 3 * source.every + 2_000 ? 'stale' : 'ready';
  });
  protected readonly lower = computed(() => this.heading().toLowerCase());
  protected readonly age = computed(() => ageText(this.clock.now() - this.of().at()));
  protected readonly kept = computed(() => timeText(this.of().at(), this.zone.name(), 'second'));
  protected readonly problem = computed(() => {
    const error = this.of().error();
    if (!error) return '';
    return error.status ? `${error.status} from the hub: ${error.message}` : error.message;
  });
}
