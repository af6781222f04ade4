import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { RouterLink, RouterLinkActive } from '@angular/router';

import { Layout } from '../core/layout/layout';
import { Icon, IconName } from '../ui/icon/icon';

interface PageLink {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
}

const PAGES: readonly PageLink[] = [
  { path: '/live', name: 'Live', icon: 'live' },
  { path: '/models', name: 'Models', icon: 'models' },
  { path: '/pipeline', name: 'Pipeline', icon: 'pipeline' },
  { path: '/features', name: 'Features', icon: 'features' },
  { path: '/events', name: 'Events', icon: 'events' },
];

/** The pages: a rail at the left, a bar at the bottom of a phone, where About stands in the menu. */
@Component({
  selector: 'ca-page-nav',
  imports: [Icon, RouterLink, RouterLinkActive],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <nav aria-label="Pages">
      @for (page of pages; track page.path) {
        <a [routerLink]="page.path" routerLinkActive="active" ariaCurrentWhenActive="page"
          ><ca-icon [name]="page.icon" />{{ page.name }}</a
        >
      }
      @if (!layout.phone()) {
        <a routerLink="/about" routerLinkActive="active" ariaCurrentWhenActive="page"><ca-icon name="about" />About</a>
      }
    </nav>
  `,
  styleUrl: './page-nav.scss',
})
export class PageNav {
  protected readonly layout = inject(Layout);
  protected readonly pages = PAGES;
}
