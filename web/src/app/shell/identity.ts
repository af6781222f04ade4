import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { Session } from '../core/session/session';

/** Whom the hub takes the reader for, and the way out. Where it asks for no token, this is left out. */
@Component({
  selector: 'ca-identity',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <span [title]="may()">{{ name() }}</span>
    <button class="btn quiet" type="button" (click)="session.signOut()">Sign out</button>
  `,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 2px;
      white-space: nowrap;
    }
    span {
      color: var(--ink-2);
    }
    @media (max-width: 899.98px) {
      .btn {
        height: 44px;
      }
    }
  `,
})
export class Identity {
  protected readonly session = inject(Session);
  protected readonly name = computed(() => (this.session.operator() ? 'Operator' : 'Viewer'));
  protected readonly may = computed(() =>
    this.session.operator() ? 'May look, promote, roll back and redrive' : 'May look, changes nothing',
  );
}
