import { inject, Injectable, signal } from '@angular/core';

import { Selection } from '../core/selection/selection';
import { Preferences } from '../core/theme/preferences';

/** Keys that work anywhere on the page. Single keys can be switched off, for those who speak or press by accident. */
@Injectable({ providedIn: 'root' })
export class ShortcutKeys {
  private readonly selection = inject(Selection);
  private readonly preferences = inject(Preferences);
  readonly on = signal(this.preferences.read('keys', ['on', 'off'], 'on') === 'on');

  choose(on: boolean): void {
    this.on.set(on);
    this.preferences.write('keys', on ? 'on' : 'off');
  }

  press(event: KeyboardEvent, does: { readonly search: () => void; readonly help: () => void }): void {
    if (!this.on() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLElement && event.target.closest('input, dialog, [contenteditable]')) return;
    const interval = this.selection.intervals()[Number(event.key) - 1];
    if (event.key === '/') does.search();
    else if (event.key === '?') does.help();
    else if (interval !== undefined) this.selection.chooseInterval(interval);
    else return;
    event.preventDefault();
  }
}
