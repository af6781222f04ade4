import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  ElementRef,
  inject,
  signal,
  viewChild,
} from '@angular/core';

import { HubError } from '../core/api/hub-api';
import { Session } from '../core/session/session';

/** Stands in the place of every page while the hub wants a token. */
@Component({
  selector: 'ca-sign-in',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <form aria-labelledby="sign-in" (submit)="send($event)">
      <h1 id="sign-in">Sign in</h1>
      <p>This hub answers only to those with a token. Whoever runs it has one for you, as a viewer or an operator.</p>
      <label for="token">Token</label>
      <input
        #field
        id="token"
        type="password"
        autocomplete="current-password"
        spellcheck="false"
        required
        [attr.aria-invalid]="problem() !== ''"
        aria-describedby="token-problem"
      />
      <p id="token-problem" class="bad" role="alert">{{ problem() }}</p>
      <button class="btn primary" type="submit" [disabled]="busy()">{{ busy() ? 'Asking the hub' : 'Sign in' }}</button>
      <p class="i3">It is kept in this tab alone and forgotten when the tab closes.</p>
    </form>
  `,
  styles: `
    :host {
      display: grid;
      place-items: center;
      height: 100%;
      padding: 16px;
      overflow-y: auto;
    }
    form {
      display: grid;
      gap: 8px;
      width: 100%;
      max-width: 340px;
      margin-bottom: 12vh;
    }
    h1 {
      margin: 0;
      font: var(--t-20);
      font-weight: 600;
    }
    p {
      margin: 0;
      color: var(--ink-2);
    }
    p.i3 {
      color: var(--ink-3);
    }
    p.bad {
      color: var(--bad);
    }
    p.bad:empty {
      display: none;
    }
    label {
      margin-top: 12px;
      font: var(--t-11);
      color: var(--ink-3);
    }
    input {
      width: 100%;
      height: 28px;
      padding: 0 8px;
      border: 1px solid var(--control);
      border-radius: var(--r1);
      background: var(--sunk);
    }
    input[aria-invalid='true'] {
      border-color: var(--bad);
    }
    .btn {
      justify-self: start;
      margin: 4px 0 8px;
    }
    @media (max-width: 899.98px) {
      input,
      .btn {
        height: 44px;
      }
      .btn {
        justify-self: stretch;
        justify-content: center;
      }
    }
  `,
})
export class SignIn {
  private readonly session = inject(Session);
  private readonly field = viewChild.required<ElementRef<HTMLInputElement>>('field');
  protected readonly busy = signal(false);
  protected readonly problem = signal('');

  constructor() {
    afterNextRender(() => this.field().nativeElement.focus());
  }

  protected async send(event: Event): Promise<void> {
    event.preventDefault();
    const field = this.field().nativeElement;
    this.busy.set(true);
    this.problem.set('');
    try {
      await this.session.signIn(field.value.trim());
    } catch (error) {
      const unknown = error instanceof HubError && error.status === 401;
      this.problem.set(unknown ? 'The hub knows no such token.' : `${(error as Error).message}.`);
      field.select();
    } finally {
      this.busy.set(false);
    }
  }
}
