import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callKinds, costOf, type Price, price } from '../../src/settings/price.ts';
import { writeAmount } from '../../src/util/amount.ts';

const read = (text: string) => price.read.safeParse(text);

it.each([
  ['0.002', ['0.002', '0.002', '0.002', '0.002']],
  [' 0.0020 ', ['0.002', '0.002', '0.002', '0.002']],
  ['enroll=0.002,identify=0.001', ['0.002', '0.001', '0.002', '0.002']],
  ['identify=0.005, enroll=0.002', ['0.002', '0.005', '0.005', '0.005']],
  ['enroll = 0.002 , verify=0', ['0.002', '0.002', '0', '0.002']],
  ['enroll=1,identify=2,verify=3,delete=4', ['1', '2', '3', '4']],
])('%j is a price, and is written so that it is read again', (text, expected) => {
  const value = price.read.parse(text);
  expect(callKinds.map((kind) => value[kind])).toEqual(expected);
  expect(price.read.parse(price.write(value))).toEqual(value);
});

it.each([
  ...['', '0', '-0.002', '0,002', '2e-3', '$0.002', '0.002 EUR', '0.0000000001', 'free'],
  ...['enroll', 'enroll=', 'enroll=x', 'enrol=0.002', 'Enroll=0.002', 'enroll=0.002,', 'enroll=0.002=1'],
  ...['enroll=0.002,enroll=0.003', 'enroll=0', 'enroll=0,002', '0.002,identify=0.001', 'constructor=1'],
])('%j is none', (text) => {
  const { success, error } = read(text);
  expect({ success, message: error?.issues[0]?.message }).toEqual({
    success: false,
    message: expect.stringContaining('enroll=0.002,identify=0.001'),
  });
});

const amounts = fc.bigInt({ min: 0n, max: 10n ** 15n });
const counts = fc.record({ enroll: fc.nat(), identify: fc.nat(), verify: fc.nat(), delete: fc.nat() });

it('what calls cost is the sum of what each costs, to the last digit', () => {
  fc.assert(
    fc.property(fc.tuple(amounts, amounts, amounts, amounts), counts, (prices, calls) => {
      const value = Object.fromEntries(
        callKinds.map((kind, index) => [kind, writeAmount(prices[index] ?? 0n)]),
      ) as unknown as Price;
      const expected = callKinds.reduce(
        (sum, kind, index) => sum + (prices[index] ?? 0n) * BigInt(calls[kind]),
        0n,
      );
      expect(costOf(value, calls)).toBe(expected);
    }),
  );
});

it('grows with every call, and two parts cost what the whole costs', () => {
  const value = price.read.parse('enroll=0.003,identify=0.0001');
  fc.assert(
    fc.property(counts, counts, (one, other) => {
      const both = Object.fromEntries(callKinds.map((kind) => [kind, one[kind] + other[kind]]));
      expect(costOf(value, both)).toBe(costOf(value, one) + costOf(value, other));
    }),
  );
});
