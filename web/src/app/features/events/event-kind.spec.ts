import { NoteRow } from '../../core/api/schema';
import { groupOf, keepNotes, kindText } from './event-kind';

const note = (id: number, kind: string, level: NoteRow['level'], text: string): NoteRow => ({
  id,
  ts: id,
  kind,
  level,
  subject: '',
  text,
});
const NOTES = [
  note(1, 'model', 'info', 'lstm-1d v12 serves'),
  note(2, 'rejects', 'warn', '40 late rows'),
  note(3, 'feed', 'error', 'Feed away'),
  note(4, 'moon', 'info', 'Full'),
];
const ids = (...args: Parameters<typeof keepNotes>) => keepNotes(...args).map((each) => each.id);

describe('keepNotes', () => {
  it('keeps one group, or what is more than news', () => {
    expect(ids(NOTES, 'all', '')).toEqual([1, 2, 3, 4]);
    expect(ids(NOTES, 'reject', '')).toEqual([2]);
    expect(ids(NOTES, 'problem', '')).toEqual([2, 3]);
  });

  it('finds text in any case', () => {
    expect(ids(NOTES, 'all', ' LSTM ')).toEqual([1]);
    expect(ids(NOTES, 'feed', 'lstm')).toEqual([]);
  });

  it('leaves a kind that it does not know to All', () => {
    expect(groupOf('moon')).toBe('all');
  });

  it('writes kinds as words', () => {
    expect(['model-serving', 'feed'].map(kindText)).toEqual(['Model serving', 'Feed']);
    expect(ids([note(5, 'model-serving', 'info', '')], 'all', 'model serving')).toEqual([5]);
  });
});
