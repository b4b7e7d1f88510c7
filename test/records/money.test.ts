import { describe, expect, it } from 'vitest';
import { forecastCost, type Money, moneyOf } from '../../src/records/money.ts';
import { buildReportLine, type Outcome } from '../../src/records/report/report-line.ts';
import { addToTally, emptyTally, type Tally } from '../../src/records/report/report-tally.ts';
import { createSummaryBuilder, summarySchema } from '../../src/records/summary.ts';
import { price } from '../../src/settings/price.ts';
import { createArchive } from './seeded-archive.ts';

const priced = (text: string, others = {}) => ({
  ...{ price: price.read.parse(text), dedupe: false, maxAttempts: 5 },
  ...others,
});
const finishedAt = '2026-11-22T01:02:03.000Z';
const lineOf = (outcome: Partial<Outcome>, seq = 1) =>
  buildReportLine({ run: 'r', engine: 'ooto', seq }, { status: 'enrolled', finishedAt, ...outcome });

function tallyOf(outcomes: readonly Partial<Outcome>[]): Tally {
  const tally = emptyTally();
  for (const [index, outcome] of outcomes.entries()) addToTally(tally, lineOf(outcome, index + 1));
  return tally;
}

const countsOf = (tally: Tally, listed = tally.total) => ({ ...tally, listed, done: tally.total });

describe('what a run costs', () => {
  it.each<[string, Partial<Outcome>, string, string]>([
    ['a call', { attempts: 1 }, '0.003', '0'],
    ['retries and throttled calls', { attempts: 3, calls: 5 }, '0.015', '0'],
    ['a call that identifies', { attempts: 1, calls: 2, identifications: 1 }, '0.0035', '0'],
    [
      'a duplicate, that was not enrolled',
      { status: 'duplicate', attempts: 0, calls: 1, identifications: 1 },
      '0.0005',
      '0',
    ],
    ['no call of an unchanged photo', { status: 'skipped', reason: 'unchanged' }, '0', '0.0035'],
    ['nor of one that was rejected before', { status: 'skipped', reason: 'rejected-before' }, '0', '0.0035'],
    [
      'nor of one that is repeated, which nobody would have called',
      { status: 'skipped', reason: 'repeated' },
      '0',
      '0',
    ],
    [
      'nor of one that the preflight refused',
      { status: 'rejected', error: { kind: 'preflight', message: 'no face' } },
      '0',
      '0.0035',
    ],
    ['calls of one that was cancelled', { status: 'cancelled', attempts: 1 }, '0.003', '0'],
  ])('%s', (_name, outcome, soFar, saved) => {
    const settings = priced('enroll=0.003,identify=0.0005', { dedupe: true });
    expect(moneyOf({ settings, counts: countsOf(tallyOf([outcome])), isListed: true })).toEqual({
      ...{ price: settings.price, soFar, saved },
    });
  });

  it('counts what --undoable asks at the dearer price of both that ask', () => {
    const counts = countsOf(tallyOf([{ attempts: 1, calls: 2, identifications: 1 }]));
    const soFarOf = (undoable: boolean) => {
      const settings = priced('enroll=0.003,identify=0.0005,verify=0.01', { undoable });
      return moneyOf({ settings, counts, isListed: true })?.soFar;
    };
    expect([soFarOf(true), soFarOf(false)]).toEqual(['0.013', '0.0035']);
  });

  it('is not said where no price is', () => {
    const settings = { dedupe: false, maxAttempts: 5 };
    expect(
      moneyOf({ settings, counts: countsOf(tallyOf([{ attempts: 1 }])), isListed: true }),
    ).toBeUndefined();
  });

  it('stands in the summary, without a drift over many', () => {
    const builder = createSummaryBuilder();
    for (let seq = 1; seq <= 1000; seq += 1) builder.add(lineOf({ attempts: 1 }, seq));
    const summary = builder.build({
      ...{ run: 'r', state: 'finished', source: '/a', engine: 'ooto', reportSha256: 'x' },
      settings: priced('0.1'),
    });
    expect(summarySchema.parse(summary).money).toMatchObject({ soFar: '100', saved: '0' });
  });

  it('is forecast once 30 photos are done and the list has ended', () => {
    const counts = countsOf(tallyOf(Array.from({ length: 30 }, () => ({ attempts: 1 }))), 60);
    const forecastOf = (given: object, isListed = true) =>
      moneyOf({ settings: priced('0.002'), counts: { ...counts, ...given }, isListed })?.forecast;
    expect(forecastOf({})).toEqual({ expected: '0.128', low: '0.105', high: '0.151' });
    expect(forecastOf({}, false)).toBeUndefined();
    expect(forecastOf({ done: 29 })).toBeUndefined();
    expect(forecastOf({ listed: 30 })).toBeUndefined();
    expect(forecastOf({ callStatistics: undefined })).toBeUndefined();
  });
});

describe('the forecast of seeded archives', () => {
  const seeds = Array.from({ length: 100 }, (_, index) => index + 1);
  const settings = priced('enroll=0.002,identify=0.0005', { dedupe: true });
  const isIn = ({ low, high }: { low: string; high: string }, amount: string) =>
    Number(low) <= Number(amount) && Number(amount) <= Number(high);

  it('holds in 90 of 100 and more, made of a sample of 200 of 2,000', () => {
    const forecasts = seeds.map((seed) => {
      const archive = createArchive(seed);
      const sample = tallyOf(archive.outcomes(200));
      const whole = tallyOf([...archive.outcomes(1800)]);
      const atCanary = moneyOf({ settings, counts: countsOf(sample, 2000), isListed: true }) as Money;
      const rest = moneyOf({ settings, counts: countsOf(whole), isListed: true }) as Money;
      const cost = Number(atCanary.soFar) + Number(rest.soFar);
      const { low, high } = atCanary.forecast ?? { low: '0', high: '0' };
      return { holds: isIn({ low, high }, String(cost)), width: (Number(high) - Number(low)) / cost };
    });
    expect(forecasts.filter(({ holds }) => holds).length).toBeGreaterThanOrEqual(90);
    expect(Math.max(...forecasts.map(({ width }) => width))).toBeLessThan(0.6);
  });

  it.each([1, 2, 3, 10])('holds in 90 of 100 and more, made of %i earlier runs that differ', (runs) => {
    const forecasts = seeds.map((seed) => {
      const archive = createArchive(seed);
      const [first, ...others] = Array.from(
        { length: runs },
        () => tallyOf(archive.anotherNight().outcomes(200)).callStatistics,
      );
      if (!first) throw new Error('no run');
      const photos = 600;
      const { soFar } = moneyOf({
        settings,
        counts: countsOf(tallyOf(archive.anotherNight().outcomes(photos))),
        isListed: true,
      }) as Money;
      const forecast = forecastCost({
        ...{ price: settings.price, photos, maxAttempts: settings.maxAttempts },
        ...{ earlier: [first, ...others], isSameArchive: false },
      });
      return isIn(forecast, soFar);
    });
    expect(forecasts.filter(Boolean).length).toBeGreaterThanOrEqual(90);
  });
});
