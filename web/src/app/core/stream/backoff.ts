const CEILING_MS = 15_000;

/** Milliseconds to wait before try `attempt` (0, 1, …): full jitter, so that clients don't return all at once. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(CEILING_MS, 500 * 2 ** Math.min(attempt, 16));
}
