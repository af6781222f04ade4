import {
  basisPointsText,
  countText,
  levelText,
  percentText,
  priceDigits,
  priceText,
  signedText,
  volumeText,
} from './number-text';

describe('number text', () => {
  it('writes prices with decimals that fit their size', () => {
    expect([61250.5, 171.7, 1.5678, 0.71234].map((price) => priceText(price))).toEqual([
      '61250.50',
      '171.70',
      '1.5678',
      '0.71234',
    ]);
    expect(priceText(null)).toBe('–');
    expect(priceText(NaN)).toBe('–');
    expect(priceDigits(-12)).toBe(2);
  });

  it('uses a true minus and a sign for a rise', () => {
    expect(signedText(-0.81, 2)).toBe('−0.81');
    expect(signedText(0.81, 2)).toBe('+0.81');
    expect(signedText(-0.001, 2)).toBe('0.00');
    expect(percentText(101, 100)).toBe('+1.00 %');
    expect(percentText(412.4, 100)).toBe('+312 %');
    expect(basisPointsText(99.95, 100)).toBe('−5.0 bp');
  });

  it('shortens volumes and groups counts', () => {
    expect([0, 12, 0.25, 39700, 1_200_000, 3.4e9].map(volumeText)).toEqual([
      '0',
      '12',
      '0.25',
      '39.7 k',
      '1.20 M',
      '3.40 G',
    ]);
    expect(countText(184206)).toBe('184,206');
    expect([0.025, 0.5, 0.975].map(levelText)).toEqual(['2.5 %', '50 %', '97.5 %']);
  });
});
