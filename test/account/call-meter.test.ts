import { describe, expect, it } from 'vitest';
import { createCallMeter } from '../../src/account/call-meter.ts';

describe('the meter of calls', () => {
  it('counts the calls of the last five seconds, and how long all places were taken', () => {
    const meter = createCallMeter(0);
    for (let at = 0; at < 10_000; at += 100) meter.called(at);
    expect(meter.read(10_000)).toEqual({ callsPerSecond: 9.8, shareFull: 0 });
    meter.setFull(true, 10_000);
    meter.setFull(true, 10_500);
    meter.setFull(false, 11_000);
    meter.setFull(false, 11_500);
    expect(meter.read(12_000).shareFull).toBe(0.2);
    meter.setFull(true, 14_000);
    expect(meter.read(15_000)).toEqual({ callsPerSecond: 0, shareFull: 0.4 });
    expect(meter.read(15_500).shareFull).toBe(0.4);
    expect(meter.read(16_000).shareFull).toBe(0.4);
    expect(meter.read(17_000).shareFull).toBe(0.6);
    expect(meter.read(99_000)).toEqual({ callsPerSecond: 0, shareFull: 1 });
  });

  it('counts no more than there was time for: a first second is a second', () => {
    const meter = createCallMeter(1_000);
    meter.called(1_100);
    meter.called(1_200);
    expect(meter.read(1_300).callsPerSecond).toBe(2);
    expect(meter.read(3_000).callsPerSecond).toBe(1);
  });
});
