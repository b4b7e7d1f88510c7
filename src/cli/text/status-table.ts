import type { Canary } from '../../records/canary.ts';
import { describeCanary, describeFigures } from '../../records/describe-canary.ts';
import { describeSource } from '../../records/describe-source.ts';
import { moneyOf } from '../../records/money.ts';
import { type Eta, isOver, isWorkedOn, type RunRecord } from '../../records/run-record.ts';
import { describeUndone } from '../../records/undo/describe-undone.ts';
import { formatDuration } from '../../settings/durations.ts';
import { plural } from '../../util/plural.ts';
import { showInvisible } from '../../util/show-invisible.ts';
import { describeMoney } from './describe-money.ts';
import type { Span } from './spans.ts';
import { columnOf, headingRow, tableRow } from './table.ts';

/** Runs in columns, what there is to know of each below it. `notes`: what its engine does, where that is known. */
export function statusTable(
  records: readonly RunRecord[],
  { notes, now }: { notes: ReadonlyMap<RunRecord, string>; now: Date },
): Span[][] {
  const rows = records.map((record) => rowOf(record, now));
  const columns = [
    columnOf(
      'RUN',
      rows.map(([id]) => id),
    ),
    columnOf(
      'STATE',
      rows.map(([, state]) => state),
    ),
    columnOf(
      'PHOTOS',
      rows.map(([, , photos]) => photos),
      { isRight: true },
    ),
    columnOf(
      'STARTED',
      rows.map(([, , , started]) => started),
    ),
    columnOf(
      'TOOK',
      rows.map(([, , , , took]) => took),
      { isRight: true },
    ),
  ];
  return [
    headingRow(columns),
    ...records.flatMap((record, index) => [
      [
        {
          text: tableRow(columns, rows[index] ?? []),
          ...(record.state === 'paused' && { style: 'yellow' as const }),
        },
      ],
      ...detailsOf(record, {
        note: notes.get(record),
        now,
        hasFigures: !isOver(record) || records.length === 1,
      }).map((text) => [{ text: `  ${showInvisible(text)}` }]),
    ]),
  ];
}

function rowOf(record: RunRecord, now: Date): readonly [string, string, string, string, string] {
  const { id, state, createdAt, updatedAt, listed, counts } = record;
  const startedAt = new Date(createdAt);
  const until = state === 'active' ? now : new Date(updatedAt);
  return [
    showInvisible(id),
    isWaiting(record, now) ? 'no worker' : state,
    `${counts.done} of ${counts.listed}${listed ? '' : '+'}`,
    shortDate(startedAt, now),
    formatDuration(until.getTime() - startedAt.getTime()),
  ];
}

const isWaiting = (record: RunRecord, now: Date) => record.state === 'active' && !isWorkedOn(record, now);

const halfAYearInMs = 183 * 86_400_000;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As `ls` has it: `Nov 28 15:12`, and `Nov 28  2025` of one that is older than half a year. */
function shortDate(at: Date, now: Date): string {
  const day = `${months[at.getMonth()]} ${String(at.getDate()).padStart(2)}`;
  const isOld = now.getTime() - at.getTime() > halfAYearInMs;
  return `${day} ${isOld ? String(at.getFullYear()).padStart(5) : at.toTimeString().slice(0, 5)}`;
}

function detailsOf(
  record: RunRecord,
  { note, now, hasFigures }: { note: string | undefined; now: Date; hasFigures: boolean },
): string[] {
  const { deadLetters, calls } = record.counts;
  const pace = isWorkedOn(record, now) && record.outlook ? [describeEta(record.outlook)] : [];
  const listing = record.listed || isOver(record) ? [] : ['the list still grows'];
  const limits = isOver(record) ? [] : describeLimits(record);
  return [
    [plural(deadLetters, 'dead letter'), plural(calls, 'call'), ...listing].join(', '),
    ...pace,
    ...describeMoney(moneyOf({ ...record, isListed: record.listed !== undefined })),
    ...limits,
    ...(record.canary ? canaryRows(record.canary, { hasFigures }) : []),
    `${describeSource(record.source)} -> ${record.engine} at ${record.engineUrl} (account ${record.account})`,
    ...(record.undone ? [describeUndone(record.undone)] : []),
    ...(note === undefined ? [] : [`good to know: ${note}`]),
    ...(record.waitsFor ? [`why it waits: ${record.waitsFor}`] : []),
    ...(isWaiting(record, now)
      ? ['waits for a worker: the command that started it, or rollcall worker']
      : []),
  ];
}

/** What it was given, or what was changed since. */
function describeLimits({ settings: { rate }, concurrency }: RunRecord): string[] {
  const limits = [
    ...(rate === undefined ? [] : [`${plural(rate, 'call')}/s`]),
    ...(concurrency === undefined ? [] : [`${concurrency} at once in each process`]),
  ];
  return limits.length === 0 ? [] : [`its own limit: ${limits.join(', ')}`];
}

/** Where it stands, and what its photos came to. */
export function canaryRows(canary: Canary, { hasFigures = true } = {}): string[] {
  const unmet = canary.rules.filter(({ isMet }) => !isMet).map(({ rule }) => rule);
  const asked = canary.state === 'listing' || unmet.length === 0 ? '' : `, not met: ${unmet.join(', ')}`;
  const figures = hasFigures ? describeFigures(canary) : [];
  return [`${describeCanary(canary)}${asked}`, ...figures.map((text) => `  ${text}`)];
}

function describeEta({ callsPerSecond, photosPerSecond, leftInMs, workers }: Eta): string {
  return [
    `${callsPerSecond.toFixed(1)} calls/s`,
    `${photosPerSecond.toFixed(1)} photos/s`,
    ...(leftInMs !== undefined ? [`${formatDuration(leftInMs)} left`] : []),
    plural(workers, 'worker'),
  ].join(', ');
}
