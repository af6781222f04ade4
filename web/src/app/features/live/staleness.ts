/** A symbol without a price for this long, by the stream's own time, is marked stale. */
export const STALE_AFTER_MS = 60_000;
