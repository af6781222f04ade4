import { ChangeDetectionStrategy, Component, inject } from '@angular/core';

import { Stream } from '../../core/stream/stream';

/** Versions and licences; the NOTICE of the chart library is a condition of its licence. */
@Component({
  selector: 'ca-about',
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './about.html',
  styleUrl: './about.scss',
})
export class AboutPage {
  protected readonly stream = inject(Stream);
}
