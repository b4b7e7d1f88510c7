import { describe, expect, it } from 'vitest';
import { plural } from '../../src/util/plural.ts';

describe('a count with its word', () => {
  it.each([
    [plural(0, 'call'), '0 calls'],
    [plural(1, 'call'), '1 call'],
    [plural(2, 'call'), '2 calls'],
    [plural(1, 'retry', 'retries'), '1 retry'],
    [plural(2, 'retry', 'retries'), '2 retries'],
  ])('is %s', (shown, expected) => expect(shown).toBe(expected));
});
