import { DestroyRef, DOCUMENT, effect, inject, Signal, signal, untracked } from '@angular/core';

import { Stream } from '../stream/stream';
import { HubError } from './hub-api';

/** What a panel needs to know of its data. `at` is a time of Date.now(), 0 before the first answer. */
export interface PanelSource {
  readonly value: Signal<unknown>;
  /** Why the newest try failed; a value from before stays. */
  readonly error: Signal<HubError | null>;
  readonly at: Signal<number>;
  readonly every: number;
  reload(): Promise<void>;
}

export interface Polled<T> extends PanelSource {
  readonly value: Signal<T | null>;
}

/**
 * Asks the hub again and again for as long as the component lives: every `every` ms while the page is seen and the
 * socket isn't offline, at once after either comes back. `key` says what the answer is about: another key forgets the
 * old answer, and an empty one asks for nothing yet.
 */
export function polled<T>(
  load: (signal: AbortSignal) => Promise<T>,
  every: number,
  key: () => string = () => 'all',
): Polled<T> {
  const document = inject(DOCUMENT);
  const stream = inject(Stream);
  const value = signal<T | null>(null);
  const error = signal<HubError | null>(null);
  const at = signal(0);
  let abort = new AbortController();
  let busy = false;

  const reload = async (): Promise<void> => {
    if (untracked(key) === '') return;
    abort.abort();
    const { signal } = (abort = new AbortController());
    busy = true;
    try {
      const answer = await load(signal);
      if (signal.aborted) return;
      value.set(answer);
      error.set(null);
      at.set(Date.now());
    } catch (reason) {
      if (signal.aborted) return;
      error.set(reason instanceof HubError ? reason : new HubError(0, (reason as Error).message));
    } finally {
      if (!signal.aborted) busy = false;
    }
  };

  effect(() => {
    key();
    value.set(null);
    error.set(null);
    at.set(0);
    untracked(() => void reload());
  });
  let before = untracked(stream.connection).phase;
  effect(() => {
    const { phase } = stream.connection();
    if (before === 'offline' && phase === 'open') untracked(() => void reload());
    before = phase;
  });
  const seen = (): void => {
    if (!document.hidden && Date.now() - at() > every) void reload();
  };
  const timer = setInterval(() => {
    if (!busy && !document.hidden && stream.connection().phase !== 'offline') void reload();
  }, every);
  document.addEventListener('visibilitychange', seen);
  inject(DestroyRef).onDestroy(() => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', seen);
    abort.abort();
  });
  return { value, error, at, every, reload };
}
