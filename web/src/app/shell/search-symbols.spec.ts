import { cutAt, searchSymbols } from './search-symbols';

describe('searchSymbols', () => {
  const symbols = ['AAPL', 'AMZN', 'BTC-USD', 'ETH-USD', 'NVDA'];

  it('gives all without text', () => {
    expect(searchSymbols(symbols, ' ')).toEqual(symbols);
  });

  it('puts beginnings before the rest and minds no case', () => {
    expect(searchSymbols(symbols, 'a')).toEqual(['AAPL', 'AMZN', 'NVDA']);
    expect(searchSymbols(symbols, 'usd')).toEqual(['BTC-USD', 'ETH-USD']);
    expect(searchSymbols(symbols, 'xyz')).toEqual([]);
  });
});

describe('cutAt', () => {
  it('parts the match from the rest, in any case', () => {
    expect(cutAt('BTC-USD', ' usd ')).toEqual(['BTC-', 'USD', '']);
    expect(cutAt('SIM:ALFA', 'm:a')).toEqual(['SI', 'M:A', 'LFA']);
    expect(cutAt('AAPL', '')).toEqual(['', '', 'AAPL']);
  });
});
