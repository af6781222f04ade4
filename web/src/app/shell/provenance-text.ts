import { Health } from '../core/stream/messages';
import { dateText } from '../ui/text/time-text';
import { ZoneName } from '../core/zone/zone';

/** What the badge says: LIVE yahoo, DELAYED 15 min, REPLAY 13 Feb 2019, SYNTHETIC seed 7. `detail` is the source. */
export function provenanceText({ provenance, watermark }: Health, zone: ZoneName): string {
  const { kind, detail } = provenance;
  const [name, ...rest] = detail.split(':');
  const more = rest.join(':');
  if (kind === 'replay') return `REPLAY ${watermark === null ? more : dateText(watermark, zone)}`.trim();
  if (kind === 'synthetic') return more ? `SYNTHETIC seed ${more}` : 'SYNTHETIC';
  return `${kind.toUpperCase()} ${name === kind ? more : detail}`.trim();
}
