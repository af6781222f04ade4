import { Injectable } from '@angular/core';

/** Choices kept on this device. Storage can be forbidden or full; a choice then lasts as long as the page. */
@Injectable({ providedIn: 'root' })
export class Preferences {
  read<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
    try {
      const kept = localStorage.getItem(name) as T | null;
      return kept !== null && allowed.includes(kept) ? kept : otherwise;
    } catch {
      return otherwise;
    }
  }

  /** Whatever was kept, null if nothing was. */
  text(name: string): string | null {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  write(name: string, value: string): void {
    try {
      localStorage.setItem(name, value);
    } catch {
      // Nothing to do: the page goes on with the choice in memory.
    }
  }
}
