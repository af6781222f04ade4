import { reasonText, redrivable } from './reject-reason';

describe('a reason of rejection', () => {
  it('is said in words, or as it came', () => {
    expect(reasonText('late')).toBe('Late, its bar was final');
    expect(reasonText('moon_phase')).toBe('moon_phase');
  });

  it('lets only that be sent again which may pass then', () => {
    expect(['late', 'nan', 'future', 'moon_phase'].map(redrivable)).toEqual([false, false, true, true]);
  });
});
