/** Symbols that fit what was typed: those that begin with it first, then those that hold it. All without text. */
export function searchSymbols(symbols: readonly string[], text: string): readonly string[] {
  const wanted = text.trim().toUpperCase();
  if (!wanted) return symbols;
  const place = (symbol: string): number => symbol.toUpperCase().indexOf(wanted);
  return symbols.filter((symbol) => place(symbol) >= 0).sort((a, b) => Math.sign(place(a)) - Math.sign(place(b)));
}
