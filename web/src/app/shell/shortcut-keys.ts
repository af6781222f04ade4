import { inject, Injectable, signal } from '@angular/core';
import { Router } from '@angular/router';

import { Selection } from '../core/selection/selection';
import { Preferences } from '../core/theme/preferences';

const PAGES: Partial<Record<string, string>> = {
  ...{ l: '/live', m: '/models', p: '/pipeline', f: '/features', e: '/events', a: '/about' },
};
const SECOND_WITHIN_MS = 1_500;

/** Keys that work anywhere on the page. Single keys can be switched off, for those who speak or press by accident. */
@Injectable({ providedIn: 'root' })
export class ShortcutKeys {
  private readonly selection = inject(Selection);
  private readonly preferences = inject(Preferences);
  private readonly router = inject(Router);
  private wentAt = -Infinity;
  readonly on = signal(this.preferences.read('keys', ['on', 'off'], 'on') === 'on');

  choose(on: boolean): void {
    this.on.set(on);
    this.preferences.write('keys', on ? 'on' : 'off');
  }

  press(event: KeyboardEvent, does: { readonly search: () => void; readonly help: () => void }): void {
    if (!this.on() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (
      event.target instanceof HTMLElement &&
      event.target.closest('input, select, textarea, dialog, [contenteditable]')
    )
      return;
    const page = event.timeStamp - this.wentAt < SECOND_WITHIN_MS ? PAGES[event.key] : undefined;
    this.wentAt = event.key === 'g' ? event.timeStamp : -Infinity;
    const interval = this.selection.intervals()[Number(event.key) - 1];
    if (page) void this.router.navigateByUrl(page);
    else if (event.key === '/') does.search();
    else if (event.key === '?') does.help();
    else if (interval !== undefined) this.selection.chooseInterval(interval);
    else return;
    event.preventDefault();
  }
}
