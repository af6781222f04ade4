/** What can be searched for; `name` is empty where nobody has named the symbol. */
export interface Found {
  readonly symbol: string;
  readonly name: string;
}

/**
 * Those that fit what was typed, the best first: the symbol begins with it, the name does, a word of the name does, the
 * symbol holds it, the name does. All without text.
 */
export function searchSymbols(all: readonly Found[], text: string): readonly Found[] {
  const wanted = text.trim().toUpperCase();
  if (!wanted) return all;
  const placed = all.map((each) => ({ each, rank: rankOf(each, wanted) })).filter(({ rank }) => rank < Infinity);
  return placed.sort((a, b) => a.rank - b.rank).map(({ each }) => each);
}

/** The text cut at what was typed: what stands before, the match, what stands behind. */
export function cutAt(shown: string, text: string): readonly [before: string, match: string, behind: string] {
  const wanted = text.trim();
  const at = shown.toUpperCase().indexOf(wanted.toUpperCase());
  return at < 0
    ? [shown, '', '']
    : [shown.slice(0, at), shown.slice(at, at + wanted.length), shown.slice(at + wanted.length)];
}

function rankOf({ symbol, name }: Found, wanted: string): number {
  const [inSymbol, inName] = [symbol.toUpperCase().indexOf(wanted), ` ${name.toUpperCase()}`.indexOf(wanted)];
  if (inSymbol === 0) return 0;
  if (inName === 1) return 1;
  if (name.toUpperCase().includes(` ${wanted}`)) return 2;
  if (inSymbol > 0) return 3;
  return inName > 0 ? 4 : Infinity;
}
