import { NoteRow } from '../../core/api/schema';

/** What the log can be narrowed to, in the order of the switch. `problem`: whatever is more than news. */
export const FILTERS = ['all', 'model', 'reject', 'feed', 'worker', 'problem'] as const;
export type EventFilter = (typeof FILTERS)[number];
export const FILTER_NAMES: readonly string[] = ['All', 'Models', 'Rejects', 'Feed', 'Workers', 'Problems'];

const GROUPS: readonly (readonly [prefix: string, filter: EventFilter])[] = [
  ['model', 'model'],
  ['train', 'model'],
  ['promot', 'model'],
  ['reject', 'reject'],
  ['redrive', 'reject'],
  ['feed', 'feed'],
  ['source', 'feed'],
  ['ingest', 'feed'],
  ['worker', 'worker'],
  ['kafka', 'worker'],
  ['mongo', 'worker'],
];

/** The part of the switch that a kind of note belongs to; kinds that this page doesn't know stand under All only. */
export function groupOf(kind: string): EventFilter {
  return GROUPS.find(([prefix]) => kind.startsWith(prefix))?.[1] ?? 'all';
}

/** Model serving for model-serving. */
export function kindText(kind: string): string {
  const words = kind.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function keepNotes(notes: readonly NoteRow[], filter: EventFilter, text: string): readonly NoteRow[] {
  const wanted = text.trim().toLowerCase();
  return notes.filter((note) => {
    if (filter === 'problem' ? note.level === 'info' : filter !== 'all' && groupOf(note.kind) !== filter) return false;
    return !wanted || `${note.kind} ${kindText(note.kind)} ${note.subject} ${note.text}`.toLowerCase().includes(wanted);
  });
}
