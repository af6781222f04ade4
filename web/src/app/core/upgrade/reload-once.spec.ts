import { reloadOnce } from './reload-once';

describe('reloadOnce', () => {
  const kept = new Map<string, string>();
  const reload = vi.fn();
  const page = {
    sessionStorage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (k: string, v: string) => kept.set(k, v),
    },
    location: { reload },
  } as unknown as Window;
  const gone = new TypeError('Failed to fetch dynamically imported module: http://hub/chunk-OLD.js');

  it('reloads for a part that is gone, once, and for nothing else', () => {
    expect(reloadOnce(new Error('division by zero'), page)).toBe(false);
    expect(reloadOnce(gone, page)).toBe(true);
    expect(reloadOnce(gone, page)).toBe(false);
    expect(reload).toHaveBeenCalledTimes(1);
  });
});
