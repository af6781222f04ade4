import { ChangeDetectionStrategy, Component, effect, inject, signal, untracked, viewChild } from '@angular/core';
import { RouterOutlet } from '@angular/router';

import { Layout } from './core/layout/layout';
import { Catalogue } from './core/market/catalogue';
import { Selection } from './core/selection/selection';
import { Credentials } from './core/session/credentials';
import { Stream } from './core/stream/stream';
import { exchangeZone } from './core/zone/exchange-zone';
import { Zone } from './core/zone/zone';
import { HelpDialog } from './shell/help-dialog';
import { PageNav } from './shell/page-nav';
import { ShortcutKeys } from './shell/shortcut-keys';
import { SignIn } from './shell/sign-in';
import { StatusLine } from './shell/status-line';
import { TopBar } from './shell/top-bar';

/** The frame around every page: top bar, pages, status line. */
@Component({
  selector: 'ca-root',
  imports: [HelpDialog, PageNav, RouterOutlet, SignIn, StatusLine, TopBar],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '(document:keydown)': 'press($event)' },
  template: `
    <a class="skip" href="#main" (click)="skip($event)">Skip to the page</a>
    <ca-top-bar (help)="help.set(true)" />
    <ca-page-nav />
    <main id="main" tabindex="-1">
      @if (credentials.wanted()) {
        @defer (on immediate) {
          <ca-sign-in />
        } @error {
          <p class="gone">The page has changed on its server. <a href="">Load it again</a> to sign in.</p>
        }
      } @else {
        <router-outlet />
      }
    </main>
    <ca-status-line />
    @if (help()) {
      @defer (on immediate) {
        <ca-help-dialog (closed)="help.set(false)" />
      }
    }
  `,
  styleUrl: './app.scss',
})
export class App {
  protected readonly layout = inject(Layout);
  protected readonly credentials = inject(Credentials);
  private readonly keys = inject(ShortcutKeys);
  private readonly bar = viewChild.required(TopBar);
  protected readonly help = signal(false);

  constructor() {
    const [zone, selection, catalogue, stream] = [inject(Zone), inject(Selection), inject(Catalogue), inject(Stream)];
    effect(() => zone.exchange.set(exchangeZone(selection.symbol())));
    effect(() => {
      const symbol = selection.symbol();
      if (symbol && stream.hello()?.boot) untracked(() => void catalogue.look(symbol));
    });
  }

  protected skip(event: Event): void {
    event.preventDefault();
    document.getElementById('main')?.focus();
  }

  protected press(event: KeyboardEvent): void {
    this.keys.press(event, { search: () => this.bar().openSearch(), help: () => this.help.set(true) });
  }
}
