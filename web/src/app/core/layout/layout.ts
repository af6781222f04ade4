import { DOCUMENT, inject, Injectable, Signal, signal } from '@angular/core';

/** Which of the three layouts applies: wide from 1280 px, compact from 900, phone below. */
@Injectable({ providedIn: 'root' })
export class Layout {
  private readonly window = inject(DOCUMENT).defaultView!;
  readonly phone = this.matches('(max-width: 899.98px)');
  readonly compact = this.matches('(min-width: 900px) and (max-width: 1279.98px)');

  private matches(condition: string): Signal<boolean> {
    const query = this.window.matchMedia(condition);
    const now = signal(query.matches);
    query.addEventListener('change', (event) => now.set(event.matches));
    return now.asReadonly();
  }
}
