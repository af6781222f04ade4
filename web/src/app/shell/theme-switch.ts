import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { Theme } from '../core/theme/theme';
import { Icon, IconName } from '../ui/icon/icon';

/** Scheme in the order system, dark, light; the colour-blind palette apart. */
@Component({
  selector: 'ca-theme-switch',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button
      class="btn quiet icon"
      type="button"
      [attr.aria-label]="'Theme: ' + theme.scheme()"
      [title]="'Theme: ' + theme.scheme()"
      (click)="theme.nextScheme()"
    >
      <ca-icon [name]="icon()" />
    </button>
    <button
      class="btn quiet icon"
      type="button"
      aria-label="Colour-blind palette"
      title="Colour-blind palette"
      [attr.aria-pressed]="theme.palette() === 'cb'"
      (click)="theme.togglePalette()"
    >
      <ca-icon name="eye" />
    </button>
  `,
  styles: `
    :host {
      display: inline-flex;
      gap: 2px;
    }
  `,
})
export class ThemeSwitch {
  protected readonly theme = inject(Theme);
  protected readonly icon = computed<IconName>(() => {
    const scheme = this.theme.scheme();
    if (scheme === 'system') return 'system';
    return scheme === 'dark' ? 'moon' : 'sun';
  });
}
