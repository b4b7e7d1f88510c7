import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStoreClock } from '../../src/account/store-clock.ts';

const offset = 1_800_000_000_000;

/** A trip that begins at `at`: so long on the way there, so long back. */
function trip(at: number, thereInMs: number, backInMs: number, clockOffset = offset) {
  return { sentAt: at, receivedAt: at + thereInMs + backInMs, storeNow: at + thereInMs + clockOffset };
}

describe('the clock of a store', () => {
  it('is known to half of the shortest trip, however late other replies are', () => {
    const trips = fc.array(fc.record({ there: fc.nat(500), back: fc.nat(500) }), { maxLength: 50 });
    fc.assert(
      fc.property(trips, fc.nat(50), (others, place) => {
        const clock = createStoreClock();
        const all = others.map(({ there, back }) => [there + 1, back + 1] as const);
        all.splice(place, 0, [0.5, 1]);
        for (const [index, [there, back]] of all.entries()) clock.sample(trip(index * 1000, there, back));
        // And what two clocks may drift apart in the meantime.
        const allowed = 0.75 + all.length * 0.5;
        expect(Math.abs(clock.toStore(5000) - (5000 + offset))).toBeLessThanOrEqual(allowed);
        expect(clock.toLocal(clock.toStore(77))).toBeCloseTo(77, 2);
      }),
    );
  });

  it('is taken anew when the store is set to another time, or is another one', () => {
    for (const change of [-3_600_000, -40, 40, 3_600_000]) {
      const clock = createStoreClock();
      clock.sample(trip(0, 0.5, 0.5));
      clock.sample(trip(1000, 5, 5, offset + change));
      expect(Math.abs(clock.toStore(2000) - (2000 + offset + change))).toBeLessThanOrEqual(5);
    }
  });

  it('is the process’s own until the store was asked', () => {
    const clock = createStoreClock();
    expect([clock.toStore(5), clock.toLocal(5), clock.slowTripInMs()]).toEqual([5, 5, 0]);
  });

  it('is taken from a longer trip once the shortest says less than it, by what clocks drift apart', () => {
    // A trip of 21 ms is 10.5 to either side; the first one, of 1 ms, is as doubtful after 20 s.
    for (const [at, isTaken] of [
      [19_900, false],
      [20_100, true],
    ] as const) {
      const clock = createStoreClock();
      clock.sample(trip(50_000, 0.5, 0.5));
      clock.sample(trip(50_000 + at, 16, 5));
      expect(clock.toStore(0) - offset).toBeCloseTo(isTaken ? 5.5 : 0, 2);
    }
  });

  it('is another one where two trips differ by more than both can be wrong and 2 ms', () => {
    for (const [byInMs, isTaken] of [
      [7.9, false],
      [-7.9, false],
      [8.1, true],
      [-8.1, true],
    ] as const) {
      const clock = createStoreClock();
      clock.sample(trip(0, 0.5, 0.5));
      clock.sample(trip(991, 5, 5, offset + byInMs));
      expect(clock.toStore(0) - offset).toBeCloseTo(isTaken ? byInMs : 0, 2);
    }
  });

  it('remembers slow trips for a while', () => {
    const clock = createStoreClock();
    clock.sample(trip(0, 40, 40));
    expect(clock.slowTripInMs()).toBe(80);
    // Half of it after 14 others.
    for (let count = 1; count <= 14; count += 1) clock.sample(trip(count, 0.1, 0.1));
    expect(clock.slowTripInMs()).toBeCloseTo(39, 0);
    for (let count = 1; count <= 100; count += 1) clock.sample(trip(count * 10, 1, 1));
    expect(clock.slowTripInMs()).toBe(2);
  });
});
