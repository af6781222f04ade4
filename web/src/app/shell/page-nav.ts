import { ChangeDetectionStrategy, Component } from '@angular/core';
import { RouterLink, RouterLinkActive } from '@angular/router';

import { Icon } from '../ui/icon/icon';

/** The pages: a rail at the left, a bar at the bottom of a phone. */
@Component({
  selector: 'ca-page-nav',
  imports: [Icon, RouterLink, RouterLinkActive],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <nav aria-label="Pages">
      <a routerLink="/live" routerLinkActive="active" ariaCurrentWhenActive="page"><ca-icon name="live" />Live</a>
      <a routerLink="/about" routerLinkActive="active" ariaCurrentWhenActive="page"><ca-icon name="about" />About</a>
    </nav>
  `,
  styleUrl: './page-nav.scss',
})
export class PageNav {}
