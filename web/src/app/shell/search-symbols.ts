/** Symbols that fit what was typed: those that begin with it first, then those that hold it. All without text. */
export function searchSymbols(symbols: readonly string[], text: string): readonly string[] {
  const wanted = text.trim().toUpperCase();
  if (!wanted) return symbols;
  const place = (symbol: string): number => symbol.toUpperCase().indexOf(wanted);
  return symbols.filter((symbol) => place(symbol) >= 0).sort((a, b) => Math.sign(place(a)) - Math.sign(place(b)));
}

/** The symbol cut at what was typed: what stands before, the match, what stands behind. */
export function cutAt(symbol: string, text: string): readonly [before: string, match: string, behind: string] {
  const wanted = text.trim();
  const at = symbol.toUpperCase().indexOf(wanted.toUpperCase());
  return [symbol.slice(0, Math.max(0, at)), symbol.slice(at, at + wanted.length), symbol.slice(at + wanted.length)];
}
