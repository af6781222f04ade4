import { ChangeDetectionStrategy, Component, computed, ElementRef, inject, output, viewChild } from '@angular/core';
import { Router, RouterLink } from '@angular/router';

import { Layout } from '../core/layout/layout';
import { Selection } from '../core/selection/selection';
import { Session } from '../core/session/session';
import { Zone, ZoneChoice, ZONES } from '../core/zone/zone';
import { Icon } from '../ui/icon/icon';
import { Mark } from '../ui/icon/mark';
import { Segmented } from '../ui/segmented/segmented';
import { ConnectionState } from './connection-state';
import { Identity } from './identity';
import { ProvenanceBadge } from './provenance-badge';
import { SymbolSearch } from './symbol-search';
import { ThemeSwitch } from './theme-switch';

/** Symbol, interval and zone at the left; where the data come from and how fresh they are at the right. */
@Component({
  selector: 'ca-top-bar',
  imports: [ConnectionState, Icon, Identity, Mark, ProvenanceBadge, RouterLink, Segmented, SymbolSearch, ThemeSwitch],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './top-bar.html',
  styleUrl: './top-bar.scss',
})
export class TopBar {
  readonly help = output();
  protected readonly layout = inject(Layout);
  protected readonly selection = inject(Selection);
  protected readonly session = inject(Session);
  protected readonly zone = inject(Zone);
  protected readonly zones = ZONES;
  private readonly router = inject(Router);
  /** Elsewhere the symbol and its interval are not what the page is about. */
  protected readonly onLive = computed(() => {
    const where = this.router.lastSuccessfulNavigation()?.finalUrl;
    return where?.root.children['primary']?.segments[0]?.path === 'live';
  });
  private readonly search = viewChild(SymbolSearch);
  private readonly sheet = viewChild<ElementRef<HTMLDialogElement>>('sheet');

  openSearch(): void {
    this.sheet()?.nativeElement.showModal();
    this.search()?.focus();
  }

  protected closeSearch(): void {
    this.sheet()?.nativeElement.close();
  }

  protected chooseZone(name: string): void {
    this.zone.choose(name as ZoneChoice);
  }
}
