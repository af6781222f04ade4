import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

const PATHS = {
  live: 'M2 12h2l2-7 3 10 3-8 1.5 5H16',
  models: 'M3 14V9M7 14V4M11 14V7M15 14v-3',
  pipeline: 'M2 5h4l3 4h4M2 13h4l3-4M13 7l2 2-2 2',
  features: 'M3 4h12M3 9h12M3 14h12M6 2.5v3M11 7.5v3M8 12.5v3',
  events: 'M4 4h11M4 9h11M4 14h7M1.5 4h0M1.5 9h0M1.5 14h0',
  about: 'M9 8v5M9 5.2v0M9 16A7 7 0 1 0 9 2a7 7 0 0 0 0 14z',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM11 11l4 4',
  system: 'M2.5 3.5h11v7.5h-11zM6 13.5h4M8 11v2.5',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  moon: 'M13.5 9.5A6 6 0 1 1 6.5 2.5a4.8 4.8 0 0 0 7 7z',
  eye: 'M1.5 8C3.5 5 5.5 3.7 8 3.700S12.5 5 14.5 8c-2 3-4 4.3-6.5 4.300S3.5 11 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  help: 'M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 .8-1 1.7M8 12.8v0',
  table: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6',
  end: 'M3 4l5 4-5 4M12 3.5v9',
  close: 'M4 4l8 8M12 4l-8 8',
  alert: 'M8 2.5l6.5 11h-13zM8 6.5v3.5M8 12v0',
  off: 'M2 6c3.5-3 8.5-3 12 0M4.5 8.8c2-1.7 5-1.7 7 0M8 12v0M3 2l10 12',
  more: 'M3.5 8h0M8 8h0M12.5 8h0',
  retry: 'M13 8a5 5 0 1 1-1.5-3.5M13 2.5v3h-3',
  chevron: 'M4 6.5l4 4 4-4',
  plus: 'M8 3v10M3 8h10',
  csv: 'M8 2v8M5 7l3 3 3-3M3 13h10',
  png: 'M2.5 3.5h11v9h-11zM3 11l3-3 2.5 2.5L11 8l2.5 2.5',
  link: 'M7 9a2.5 2.5 0 0 0 3.6 0l2.1-2.1a2.5 2.5 0 0 0-3.6-3.6L8 4.4M9 7a2.5 2.5 0 0 0-3.6 0L3.3 9.1a2.5 2.5 0 0 0 3.6 3.6L8 11.6',
  check: 'M3 8.5l3.5 3.5L13 4.5',
  external: 'M6 3.5H3.5v9h9V10M9 3h4v4M13 3L7.5 8.5',
} as const;

export type IconName = keyof typeof PATHS;
const LARGE: readonly IconName[] = ['live', 'models', 'pipeline', 'features', 'events', 'about'];

/** A 16 px line icon; the words beside it say what it means, so readers skip it. */
@Component({
  selector: 'ca-icon',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<svg [attr.viewBox]="box()" aria-hidden="true"><path [attr.d]="path()" /></svg>`,
  styles: `
    :host {
      display: inline-grid;
      flex: none;
    }
    svg {
      width: var(--icon, 16px);
      height: var(--icon, 16px);
      fill: none;
      stroke: currentColor;
      stroke-width: 1.4;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
  `,
})
export class Icon {
  readonly name = input.required<IconName>();
  protected readonly path = computed(() => PATHS[this.name()]);
  protected readonly box = computed(() => (LARGE.includes(this.name()) ? '0 0 18 18' : '0 0 16 16'));
}
