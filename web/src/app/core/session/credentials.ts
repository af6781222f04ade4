import { Injectable, signal } from '@angular/core';

const KEY = 'token';

/** The token with which this tab asks the hub: kept until the tab closes, never longer and for no other tab. */
@Injectable({ providedIn: 'root' })
export class Credentials {
  private readonly kept = signal(read());
  private readonly missing = signal(false);
  readonly token = this.kept.asReadonly();
  /** The hub wants a token and has had none that it knows. */
  readonly wanted = this.missing.asReadonly();

  keep(token: string): void {
    this.kept.set(token);
    this.missing.set(false);
    write(token);
  }

  forget(): void {
    this.kept.set('');
    write('');
  }

  refuse(): void {
    this.missing.set(true);
  }
}

function read(): string {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

/** Storage can be forbidden: the token then lasts as long as the page. */
function write(token: string): void {
  try {
    if (token) sessionStorage.setItem(KEY, token);
    else sessionStorage.removeItem(KEY);
  } catch {
    // The signal has it.
  }
}
