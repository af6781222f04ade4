import { ChangeDetectionStrategy, Component, inject } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { polled } from '../../core/api/polled';
import { AboutReply } from '../../core/api/schema';
import { Stream } from '../../core/stream/stream';
import { Panel } from '../../ui/panel/panel';

const EVERY_MS = 600_000;

/** Versions and licences; the NOTICE of the chart library is a condition of its licence. */
@Component({
  selector: 'ca-about',
  imports: [Panel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './about.html',
  styleUrl: './about.scss',
})
export class AboutPage {
  protected readonly stream = inject(Stream);
  private readonly api = inject(HubApi);
  protected readonly about = polled((signal) => this.api.get<AboutReply>('about', {}, signal), EVERY_MS);
}
