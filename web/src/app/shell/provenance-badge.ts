import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { ProvenanceKind } from '../core/stream/messages';
import { Stream } from '../core/stream/stream';
import { Zone } from '../core/zone/zone';
import { Badge, BadgeTone } from '../ui/badge/badge';
import { provenanceText } from './provenance-text';

const TONES: Readonly<Record<ProvenanceKind, BadgeTone>> = {
  live: 'plain',
  foreign: 'plain',
  delayed: 'outline',
  replay: 'outline',
  synthetic: 'filled',
};

/** Where the data come from: anything but live data says so in the colour of trust. */
@Component({
  selector: 'ca-provenance-badge',
  imports: [Badge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (shown(); as shown) {
      <ca-badge [tone]="shown.tone">{{ shown.text }}</ca-badge>
    }
  `,
})
export class ProvenanceBadge {
  private readonly stream = inject(Stream);
  private readonly zone = inject(Zone);
  protected readonly shown = computed(() => {
    const health = this.stream.health();
    if (!health) return null;
    return { tone: TONES[health.provenance.kind], text: provenanceText(health, this.zone.name()) };
  });
}
