import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAmount, readAmount, roundAmount, showAmount, writeAmount } from '../../src/util/amount.ts';

it.each([
  ['0.002', 2_000_000n],
  [' 150 ', 150_000_000_000n],
  ['12.50', 12_500_000_000n],
  ['0', 0n],
  ['0.000000001', 1n],
  ['999999999999.999999999', 999_999_999_999_999_999_999n],
])('%j is an amount', (text, amount) => {
  expect(parseAmount(text)).toBe(amount);
});

it.each([
  '',
  ' ',
  '.5',
  '5.',
  '2e-3',
  '-1',
  '+1',
  '0,002',
  '1 000',
  '€1',
  '0x1',
  'NaN',
  '0.0000000001',
  '1234567890123',
])('%j is none', (text) => {
  expect(parseAmount(text)).toBeUndefined();
});

const amounts = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });

it('what is written is read again, whatever its size', () => {
  fc.assert(fc.property(amounts, (amount) => readAmount(writeAmount(amount)) === amount));
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 21n - 1n }),
      (amount) => parseAmount(writeAmount(amount)) === amount,
    ),
  );
});

it('a sum is exact where numbers of JSON are not', () => {
  const tenth = parseAmount('0.1') ?? 0n;
  expect(writeAmount(tenth + tenth + tenth)).toBe('0.3');
  expect(writeAmount((parseAmount('0.000000001') ?? 0n) * 9_007_199_254_740_993n)).toBe('9007199.254740993');
});

it('is shown with two decimals or as many as it has', () => {
  expect(['150', '12.5', '0.002', '-3'].map((text) => showAmount(readAmount(text)))).toEqual([
    ...['150.00', '12.50', '0.002', '-3.00'],
  ]);
});

it.each([
  [0, '0.00', '0.00', '0.00'],
  [1e-12, '0.00', '0.00', '0.000000001'],
  [0.0012345, '0.00123', '0.00123', '0.00124'],
  [0.5, '0.50', '0.50', '0.50'],
  // No binary fraction is a tenth, and none of these is more than it says.
  [0.132, '0.132', '0.132', '0.132'],
  [0.12 * 1.1, '0.132', '0.132', '0.132'],
  [0.9996, '1.00', '0.999', '1.00'],
  [1.005, '1.01', '1.00', '1.01'],
  [99.994, '99.99', '99.99', '100.00'],
  [1234.5, '1235', '1234', '1235'],
  [1234.01, '1234', '1234', '1235'],
])('the estimate %d is shown as %s, the lower bound of an interval as %s, an upper one as %s', (...row) => {
  const [amount, nearest, down, up] = row;
  expect(roundAmount(amount)).toBe(nearest);
  expect([roundAmount(amount, 'down'), roundAmount(amount, 'up')]).toEqual([down, up]);
});

it('bounds that are rounded are never nearer than the bounds', () => {
  const estimates = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(estimates, (amount) => {
      // To twelve digits, beyond which a number is its own noise.
      const noise = amount * 1e-11 + 1e-9;
      expect(Number(roundAmount(amount, 'down'))).toBeLessThanOrEqual(amount + noise);
      expect(Number(roundAmount(amount, 'up'))).toBeGreaterThanOrEqual(amount - noise);
    }),
  );
});

it('refuses to read what was not written here', () => {
  expect(() => readAmount('1,5')).toThrow('1,5 is no amount');
});
