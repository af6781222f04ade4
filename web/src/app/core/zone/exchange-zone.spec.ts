import { exchangeZone, zoneLabel } from './exchange-zone';

describe('exchange zone', () => {
  it('goes by how a symbol is written, as the calendars of the worker do', () => {
    expect(['SIM:ALFA', 'spot:BTCUSDT', 'BTC-USD', ''].map(exchangeZone)).toEqual(['UTC', 'UTC', 'UTC', 'UTC']);
    expect(['AAPL', 'BRK-B', 'EURUSD=X'].map(exchangeZone)).toEqual(Array(3).fill('America/New_York'));
    expect(['VOD.L', '7203.T', 'ES=F'].map(exchangeZone)).toEqual(['Europe/London', 'Asia/Tokyo', 'America/Chicago']);
    expect(zoneLabel('America/New_York')).toBe('New York');
    expect(zoneLabel('UTC')).toBe('UTC');
  });
});
