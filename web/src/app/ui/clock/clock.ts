import { Injectable, signal } from '@angular/core';

/** The time of this device in steps of a second, for ages in words. Never for data. */
@Injectable({ providedIn: 'root' })
export class Clock {
  private readonly time = signal(Date.now());
  readonly now = this.time.asReadonly();

  constructor() {
    setInterval(() => this.time.set(Date.now()), 1_000);
  }
}
