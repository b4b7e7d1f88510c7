import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { parseAs } from '../../util/json-text.ts';
import { createGrowingScale, type ScaleRow } from './growing-scale.ts';
import { createQualityFold } from './quality-fold.ts';
import { isDeadLetter, type ReportLine, type Status, statuses } from './report-line.ts';

const counts = z.array(z.number());
const histogramSchema = z.object({
  /** Ascending; `counts` has one more: below the first bound, from a bound to below the next, from the last on. */
  bounds: z.array(z.number()),
  counts,
});
const byName = z.record(z.string(), z.number());

/** The content of `aggregates.json`: what pictures of a run are drawn from. */
export const aggregatesSchema = z.object({
  schema: z.literal('rollcall.aggregates/1'),
  run: z.string(),
  lines: z.number(),
  byStatus: z.record(z.enum(statuses), z.number()),
  /** By the engine's code, else by the kind of the error. */
  byCode: byName,
  byReason: byName,
  /** Photos by warning. */
  warnings: byName,
  deadLetters: z.number(),
  /** By the time at which photos were done; each list has a number for each bucket of time. */
  timeline: z.object({
    /** ISO time of the first bucket; null: there are no lines. */
    startAt: z.string().nullable(),
    /** A power of two: no more than 600 buckets, however long the run took. */
    bucketInSeconds: z.number(),
    byStatus: z.record(z.enum(statuses), counts),
    calls: counts,
    /** Of the eight most frequent. */
    byCode: z.record(z.string(), counts),
  }),
  /** Of photos, in milliseconds. */
  durations: histogramSchema,
  /** What the engine said of the photos, by measure. `missing`: photos of which it said something, but not this. */
  quality: z.record(z.string(), histogramSchema.extend({ missing: z.number() })),
  /** The longest first. */
  slowest: z.array(
    z.object({
      seq: z.number(),
      subjectId: z.string().optional(),
      photo: z.string().optional(),
      status: z.enum(statuses),
      durationInMs: z.number(),
    }),
  ),
});
export type Aggregates = z.infer<typeof aggregatesSchema>;

export interface AggregatesFold {
  /** Lines may come in any order. */
  add(line: ReportLine): void;
  build(run: string): Aggregates;
}

const bucketsOfTime = 600;
const codesOverTime = 8;
const slowestKept = 20;
/** An engine may send another code with each reply; paths and ids may be long. */
const mostNames = 200;
const otherNames = '(other)';
const longestNameInCharacters = 100;
const longestTextInCharacters = 1_000;

const durationBoundsInMs = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 300_000];

/** Bounded memory, however many lines there are. */
export function createAggregatesFold(): AggregatesFold {
  const time = createGrowingScale({ finest: 1, most: bucketsOfTime });
  const newCounter = (): Counter => ({ total: 0, row: time.newRow() });
  const byStatus = Object.fromEntries(statuses.map((status) => [status, newCounter()])) as Record<
    Status,
    Counter
  >;
  const calls = newCounter();
  const byCode = createNamed(newCounter);
  const byReason = createNamed(() => ({ total: 0 }));
  const warnings = createNamed(() => ({ total: 0 }));
  const durations = new Uint32Array(durationBoundsInMs.length + 1);
  const quality = createQualityFold();
  const slowest: Slow[] = [];
  let lines = 0;
  let deadLetters = 0;

  return {
    add(line) {
      lines += 1;
      if (isDeadLetter(line)) deadLetters += 1;
      const finishedAt = Date.parse(line.finishedAt);
      const slot = Number.isNaN(finishedAt) ? undefined : time.slotOf(finishedAt / 1000);
      count(byStatus[line.status], slot);
      count(calls, slot, line.calls ?? line.attempts ?? 0);
      const code = line.error?.code ?? line.error?.kind;
      if (code !== undefined) count(byCode.of(code), slot);
      if (line.reason !== undefined) byReason.of(line.reason).total += 1;
      if (line.warnings !== undefined)
        for (const warning of new Set(line.warnings)) warnings.of(warning).total += 1;
      if (line.durationInMs !== undefined) {
        const at = bucketOf(line.durationInMs);
        durations[at] = (durations[at] ?? 0) + 1;
        keepSlowest(slowest, line, line.durationInMs);
      }
      if (line.quality !== undefined) quality.add(line.quality);
    },
    build(run) {
      const mostOften = byCode.entries().sort(([, a], [, b]) => b.total - a.total);
      const overTime = ({ row }: Counter) => time.read(row);
      return {
        schema: 'rollcall.aggregates/1',
        run,
        lines,
        byStatus: mapStatuses((status) => byStatus[status].total),
        byCode: totalsOf(byCode),
        byReason: totalsOf(byReason),
        warnings: totalsOf(warnings),
        deadLetters,
        timeline: {
          startAt: time.start === undefined ? null : new Date(time.start * 1000).toISOString(),
          bucketInSeconds: time.width,
          byStatus: mapStatuses((status) => overTime(byStatus[status])),
          calls: overTime(calls),
          byCode: Object.fromEntries(
            mostOften.slice(0, codesOverTime).map(([code, counter]) => [code, overTime(counter)]),
          ),
        },
        durations: { bounds: [...durationBoundsInMs], counts: [...durations] },
        quality: quality.build(),
        slowest: [...slowest],
      };
    },
  };
}

interface Counter {
  total: number;
  readonly row: ScaleRow;
}

/** `slot`: undefined where nobody knows when. */
function count(counter: Counter, slot: number | undefined, by = 1): void {
  counter.total += by;
  if (slot !== undefined) counter.row[slot] = (counter.row[slot] ?? 0) + by;
}

/** Something for each of the names that come first, and one for all others. */
function createNamed<Kept extends { total: number }>(create: () => Kept) {
  const known = new Map<string, Kept>();
  const add = (name: string): Kept => {
    const kept = create();
    known.set(name, kept);
    return kept;
  };
  return {
    of(name: string): Kept {
      const found = known.get(name);
      if (found) return found;
      const short = known.size < mostNames ? name.slice(0, longestNameInCharacters) : otherNames;
      return known.get(short) ?? add(short);
    },
    entries: () => [...known],
  };
}

const totalsOf = (named: { entries(): [string, { total: number }][] }) =>
  Object.fromEntries(named.entries().map(([name, { total }]) => [name, total]));

const mapStatuses = <Value>(read: (status: Status) => Value) =>
  Object.fromEntries(statuses.map((status) => [status, read(status)])) as Record<Status, Value>;

function bucketOf(durationInMs: number): number {
  const at = durationBoundsInMs.findIndex((bound) => durationInMs < bound);
  return at < 0 ? durationBoundsInMs.length : at;
}

type Slow = Aggregates['slowest'][number];

function keepSlowest(slowest: Slow[], line: ReportLine, durationInMs: number): void {
  const { seq, subjectId, photo, status } = line;
  const isSlower = (than: Slow) =>
    durationInMs > than.durationInMs || (durationInMs === than.durationInMs && seq < than.seq);
  const last = slowest[slowestKept - 1];
  if (last && !isSlower(last)) return;
  const at = slowest.findIndex(isSlower);
  slowest.splice(at < 0 ? slowest.length : at, 0, {
    seq,
    ...(subjectId !== undefined && { subjectId: subjectId.slice(0, longestTextInCharacters) }),
    ...(photo !== undefined && { photo: photo.slice(0, longestTextInCharacters) }),
    status,
    durationInMs,
  });
  slowest.length = Math.min(slowest.length, slowestKept);
}

/** Undefined where there is none that can be read: then it is made from the lines. */
export async function readAggregates(state: StateStore, runFolder: string): Promise<Aggregates | undefined> {
  const bytes = await state.read(aggregatesPath(runFolder));
  return bytes && parseAs(aggregatesSchema, bytes.toString());
}

/** Whole or not at all. */
export async function writeAggregates(
  state: StateStore,
  runFolder: string,
  aggregates: Aggregates,
): Promise<void> {
  await state.write(aggregatesPath(runFolder), `${JSON.stringify(aggregates)}\n`);
}

const aggregatesPath = (runFolder: string) => `${runFolder}/aggregates.json`;
