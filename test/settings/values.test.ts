import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountIdOf } from '../../src/settings/account.ts';
import { formatDuration, parseDuration, writeDuration } from '../../src/settings/durations.ts';
import {
  backoff,
  duration,
  failureThreshold,
  list,
  onOff,
  positiveNumber,
  wholeNumber,
} from '../../src/settings/value-types.ts';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
const longestInMs = 24 * units.d;

describe('durations', () => {
  it('are their amount times their unit', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), unit, (amount, name) => {
        expect(parseDuration(`${amount}${name}`)).toBe(amount * units[name]);
        const isRight = amount > 0 && amount * units[name] <= longestInMs;
        expect(duration.read.safeParse(`${amount}${name}`).success).toBe(isRight);
        expect(parseDuration(writeDuration(amount * units[name]))).toBe(amount * units[name]);
      }),
    );
  });

  it('are never guessed: any other text is refused', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const result = duration.read.safeParse(text);
        if (result.success) expect(text.trim()).toMatch(/^\d+(\.\d+)?(ms|s|m|h|d)$/);
        else expect(result.error.issues[0]?.message).toMatch(/^expected a duration/);
      }),
    );
    for (const text of [
      '',
      '5',
      's',
      '-1s',
      '1 s',
      '1e3s',
      '1s2s',
      'Infinitys',
      `${'9'.repeat(400)}s`,
      '25d',
      '0s',
    ])
      expect(duration.read.safeParse(text).success).toBe(false);
  });

  it('always fit a timer, which fires at once when it is set to more than 2^31 - 1 ms', () => {
    const texts = fc
      .tuple(fc.double({ min: 0, noNaN: true }), unit)
      .map(([n, name]) => `${n.toFixed(3)}${name}`);
    fc.assert(
      fc.property(texts, (text) => {
        const result = duration.read.safeParse(text);
        if (result.success) expect(result.data).toBeLessThan(2 ** 31);
      }),
    );
  });

  it('are shown in words', () => {
    expect(
      [0, 59_400, 61_000, 3_600_000, 90_060_000, Number.NaN, Number.POSITIVE_INFINITY].map(formatDuration),
    ).toEqual(['0s', '59s', '1m01s', '1h00m', '25h01m', 'unknown', 'unknown']);
  });
});

describe('backoff', () => {
  it('is a first delay and a ceiling that is not below it', () => {
    const amount = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(amount, unit, amount, unit, (first, firstUnit, ceiling, ceilingUnit) => {
        const [firstDelayInMs, ceilingInMs] = [first * units[firstUnit], ceiling * units[ceilingUnit]];
        const result = backoff.read.safeParse(`${first}${firstUnit}..${ceiling}${ceilingUnit}`);
        const isRight = firstDelayInMs > 0 && ceilingInMs >= firstDelayInMs && ceilingInMs <= longestInMs;
        expect(result.success ? result.data : undefined).toEqual(
          isRight ? { firstDelayInMs, ceilingInMs } : undefined,
        );
      }),
    );
  });

  it.each(['1s', '1s..', '..1s', '1s...60s', '1s..60s..5m', '1s-60s', ''])('refuses "%s"', (text) => {
    expect(backoff.read.safeParse(text).success).toBe(false);
  });
});

describe('a failure threshold', () => {
  it('is a share above 0 up to 100 %, or a whole count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (tenths) => {
        const percent = tenths / 10;
        expect(failureThreshold.read.parse(`${percent}%`)).toEqual({ share: percent / 100 });
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (count) => {
        expect(failureThreshold.read.parse(String(count))).toEqual({ count });
      }),
    );
  });

  it.each(['0', '0%', '100.1%', '-5', '1.5', '%', '', 'half', `${'9'.repeat(400)}`])(
    'refuses "%s"',
    (text) => {
      expect(failureThreshold.read.safeParse(text).success).toBe(false);
    },
  );
});

describe('numbers, switches, lists', () => {
  it('whole numbers keep their bounds, whatever is written', () => {
    const schema = wholeNumber(1, 100);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String)), (text) => {
        const result = schema.read.safeParse(text);
        if (result.success) {
          expect(Number.isInteger(result.data)).toBe(true);
          expect(result.data).toBeGreaterThanOrEqual(1);
          expect(result.data).toBeLessThanOrEqual(100);
        } else expect(result.error.issues[0]?.message).toBe('expected a whole number from 1 to 100');
      }),
    );
  });

  it('positive numbers are above 0 and finite', () => {
    for (const text of ['0', '-1', 'NaN', 'Infinity', '', ' ', '10001', '1e9'])
      expect(positiveNumber(10_000).read.safeParse(text).success).toBe(false);
    expect(positiveNumber(10_000).read.parse('0.1')).toBe(0.1);
  });

  it('switches are words for yes and no, in any case', () => {
    expect(['true', 'YES', '1', 'on'].map((text) => onOff.read.parse(text))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['False', 'no', '0', 'off', ''].map((text) => onOff.read.parse(text))).toEqual(
      Array(5).fill(false),
    );
    expect(onOff.read.safeParse('perhaps').success).toBe(false);
  });

  it('lists are parted at commas that stand in no braces', () => {
    const word = fc.stringMatching(/^[a-z*.]{1,6}$/);
    const braces = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => `*.{${words.join(',')}}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(word, braces)), (words) => {
        expect(list.read.parse(words.join(' , '))).toEqual(words);
      }),
    );
  });
});

describe('the id of an account', () => {
  it('differs where engine, address or app id differ, and shows none of them', () => {
    const identity = fc.record({ engine: fc.string(), url: fc.string(), appId: fc.string() });
    fc.assert(
      fc.property(identity, identity, (one, two) => {
        expect(accountIdOf(one)).toMatch(/^[0-9a-f]{16}$/);
        fc.pre(!Object.values(one).concat(Object.values(two)).join('').includes('\n'));
        const isSame = one.engine === two.engine && one.url === two.url && one.appId === two.appId;
        expect(accountIdOf(one) === accountIdOf(two)).toBe(isSame);
      }),
    );
  });
});
