import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { polled } from '../../core/api/polled';
import { NoteRow, NotesReply } from '../../core/api/schema';
import { Zone } from '../../core/zone/zone';
import { Panel } from '../../ui/panel/panel';
import { Segmented } from '../../ui/segmented/segmented';
import { countText } from '../../ui/text/number-text';
import { dayText, timeText } from '../../ui/text/time-text';
import { EventFilter, FILTER_NAMES, FILTERS, keepNotes, kindText } from './event-kind';

const EVERY_MS = 3_000;
const SHOWN = 500;

/** One dense log of what was worth noticing, newest first: models, rejects, the feed, workers. */
@Component({
  selector: 'ca-events',
  imports: [Panel, Segmented],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './events.html',
  styleUrl: './events.scss',
})
export class EventsPage {
  private readonly api = inject(HubApi);
  private readonly zone = inject(Zone);
  protected readonly notes = polled((signal) => this.api.get<NotesReply>('events', {}, signal), EVERY_MS);
  protected readonly filter = signal<EventFilter>('all');
  protected readonly text = signal('');
  protected readonly filters = FILTERS;
  protected readonly names = FILTER_NAMES;
  protected readonly kind = kindText;

  protected readonly shown = computed(() => {
    const notes = this.notes.value()?.notes ?? [];
    return keepNotes(notes, this.filter(), this.text()).slice(-SHOWN).reverse();
  });
  protected readonly caption = computed(() => {
    const all = this.notes.value()?.notes.length ?? 0;
    const shown = this.shown().length;
    return shown === all ? `${countText(all)} since this hub started` : `${countText(shown)} of ${countText(all)}`;
  });
  protected readonly empty = computed(() => {
    if (this.shown().length) return '';
    return this.notes.value()?.notes.length ? 'Nothing fits' : 'Nothing worth noticing yet';
  });
  protected readonly emptyDetail = computed(() =>
    this.notes.value()?.notes.length
      ? 'Choose All, or take the text away.'
      : 'Changes of models, bursts of rejects, feeds that come and go and restarts show here.',
  );

  protected choose(filter: string): void {
    this.filter.set(filter as EventFilter);
  }

  protected time(ms: number): string {
    return timeText(ms, this.zone.name(), 'second');
  }

  /** The day, where it differs from the row above. */
  protected day(at: number): string {
    const rows = this.shown();
    const [note, above] = [rows[at], rows[at - 1]];
    const day = note ? dayText(note.ts, this.zone.name()) : '';
    return above && dayText(above.ts, this.zone.name()) === day ? '' : day;
  }

  protected levelName(level: NoteRow['level']): string {
    return { info: '', warn: 'Warning', error: 'Failure' }[level];
  }
}
