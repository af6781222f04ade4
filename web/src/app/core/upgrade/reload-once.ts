const KEY = 'reloaded-at';
const AGAIN_AFTER_MS = 60_000;
const GONE = /dynamically imported module|module script failed|Loading chunk|preload CSS/i;

/**
 * Loads the page anew if `error` says that a part of it is gone, as after an upgrade of the server, whose parts have
 * other names. Once a minute at most: a part that is missing for another reason must not reload for ever. Says whether
 * it did.
 */
export function reloadOnce(error: unknown, page: Window = window): boolean {
  if (!GONE.test(String(error instanceof Error ? error.message : error))) return false;
  const now = Date.now();
  try {
    if (now - Number(page.sessionStorage.getItem(KEY) ?? 0) < AGAIN_AFTER_MS) return false;
    page.sessionStorage.setItem(KEY, String(now));
  } catch {
    // Without storage there is no telling whether this is the second time: the reader decides.
    return false;
  }
  page.location.reload();
  return true;
}
