import { computed, inject, Injectable, signal } from '@angular/core';

import { HubApi } from '../api/hub-api';
import { SessionReply } from '../api/schema';

/** Who is asking: operators may change what others see. The hub decides; this only shows what it would say. */
@Injectable({ providedIn: 'root' })
export class Session {
  private readonly api = inject(HubApi);
  private readonly answer = signal<SessionReply | null>(null);

  /** Null before the hub has said. */
  readonly role = computed(() => this.answer()?.role ?? null);
  readonly operator = computed(() => this.answer()?.role === 'operator');

  constructor() {
    void this.ask();
  }

  async ask(): Promise<void> {
    try {
      this.answer.set(await this.api.get<SessionReply>('session'));
    } catch {
      // Without an answer nobody is an operator here; the panels say what the hub's trouble is.
      this.answer.set(null);
    }
  }
}
