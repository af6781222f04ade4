import { cutAt, searchSymbols } from './search-symbols';

describe('searchSymbols', () => {
  const all = [
    { symbol: 'AMD', name: 'Advanced Micro Devices' },
    { symbol: 'BTC-USD', name: '' },
    { symbol: 'MSFT', name: 'Microsoft' },
    { symbol: 'NVDA', name: 'Nvidia' },
    { symbol: 'SIM:MICROBE', name: '' },
  ];
  const found = (text: string): string[] => searchSymbols(all, text).map((each) => each.symbol);

  it('gives all without text', () => {
    expect(found(' ')).toEqual(all.map((each) => each.symbol));
  });

  it('puts beginnings of symbols before the rest and minds no case', () => {
    expect(found('n')).toEqual(['NVDA', 'AMD']);
    expect(found('usd')).toEqual(['BTC-USD']);
    expect(found('xyz')).toEqual([]);
  });

  it('finds by name: one that begins so before a word within, and that before a part of a symbol', () => {
    expect(found('micro')).toEqual(['MSFT', 'AMD', 'SIM:MICROBE']);
    expect(found('soft')).toEqual(['MSFT']);
  });
});

describe('cutAt', () => {
  it('parts the match from the rest, in any case', () => {
    expect(cutAt('BTC-USD', ' usd ')).toEqual(['BTC-', 'USD', '']);
    expect(cutAt('SIM:ALFA', 'm:a')).toEqual(['SI', 'M:A', 'LFA']);
    expect(cutAt('AAPL', '')).toEqual(['', '', 'AAPL']);
    expect(cutAt('MSFT', 'micro')).toEqual(['MSFT', '', '']);
  });
});
