import { computed, DOCUMENT, inject, Injectable, signal } from '@angular/core';

import { HubApi } from '../api/hub-api';
import { SessionReply } from '../api/schema';
import { Stream } from '../stream/stream';
import { Credentials } from './credentials';

/** Who is asking: operators may change what others see. The hub decides; this only shows what it would say. */
@Injectable({ providedIn: 'root' })
export class Session {
  private readonly api = inject(HubApi);
  private readonly stream = inject(Stream);
  private readonly credentials = inject(Credentials);
  private readonly page = inject(DOCUMENT).defaultView!;
  private readonly answer = signal<SessionReply | null>(null);

  /** Null before the hub has said. */
  readonly role = computed(() => this.answer()?.role ?? null);
  readonly operator = computed(() => this.answer()?.role === 'operator');
  /** Whether there is anything to sign out of: a hub without tokens takes everybody. */
  readonly signedIn = computed(() => this.answer()?.tokens === true && this.credentials.token() !== '');

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

  /** Asks with `token` and keeps it if the hub knows it; else throws HubError. */
  async signIn(token: string): Promise<void> {
    this.answer.set(await this.api.introduce(token));
    this.credentials.keep(token);
    this.stream.reopen();
  }

  /** The page starts anew, so that nothing of what was seen stays in memory. */
  signOut(): void {
    this.credentials.forget();
    this.page.location.reload();
  }
}
