import { Health, ProvenanceKind } from '../core/stream/messages';
import { provenanceText } from './provenance-text';

const text = (kind: ProvenanceKind, detail: string) =>
  provenanceText({ provenance: { kind, detail }, watermark: Date.UTC(2024, 7, 8) } as Health, 'UTC');

describe('provenanceText', () => {
  it('names the kind first and what makes it particular', () => {
    expect(text('synthetic', 'simulator:7')).toBe('SYNTHETIC seed 7');
    expect(text('replay', 'replay:ticks.parquet')).toBe('REPLAY 8 Aug 2024');
    expect(text('delayed', 'yahoo')).toBe('DELAYED yahoo');
    expect(text('live', 'coinbase')).toBe('LIVE coinbase');
    expect(text('foreign', 'foreign')).toBe('FOREIGN');
  });
});
