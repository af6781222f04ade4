import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { Stream } from '../core/stream/stream';
import { Badge, BadgeTone } from '../ui/badge/badge';

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
  protected readonly shown = computed(() => {
    const provenance = this.stream.health()?.provenance;
    if (!provenance) return null;
    const tone: Record<string, BadgeTone> = { delayed: 'outline', replay: 'outline', synthetic: 'filled' };
    return { tone: tone[provenance.kind] ?? 'plain', text: `${provenance.kind.toUpperCase()} ${provenance.detail}`.trim() };
  });
}
