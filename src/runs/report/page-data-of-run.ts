import { readSummary } from '../../conductor/finish-run.ts';
import { groupOf } from '../../conductor/what-helps.ts';
import { moneyOf } from '../../records/money.ts';
import type { Meaning, PageData } from '../../records/page-data.ts';
import { readWholeReport } from '../../records/report/read-whole-report.ts';
import { errorKinds, type ReportLine, reportSchemaName } from '../../records/report/report-line.ts';
import { parsePartLine } from '../../records/report/report-part.ts';
import {
  type Aggregates,
  createAggregatesFold,
  readAggregates,
} from '../../records/report/run-aggregates.ts';
import { readRunEvents } from '../../records/run-events.ts';
import { type RunRecord, runFolderOf } from '../../records/run-record.ts';
import type { Summary } from '../../records/summary.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { meaningOf } from '../../util/warning.ts';
import { createPageLetters } from './page-letters.ts';

/**
 * What the HTML report of a run shows, as far as the run is. Of one that is over, from what its end has counted: a report
 * of a million lines is not read. @throws FaultError for a report that was changed since, where it has to be read
 */
export async function pageDataOf({
  state,
  record,
  version,
}: {
  state: StateStore;
  record: RunRecord;
  /** Of rollcall. */
  version: string;
}): Promise<PageData> {
  const { id, createdAt, updatedAt, source, engine, schedule, waitsFor, counts, canary, undone } = record;
  const money = moneyOf({ ...record, isListed: record.listed !== undefined });
  const summary = await readSummary(state, id);
  const { aggregates, letters } =
    (summary && (await fromEnd(state, summary))) ?? (await fromLines(state, record));
  const meanings = new Map(letters.meanings);
  for (const code of Object.keys(aggregates.byCode))
    if (!meanings.has(code)) meanings.set(code, meaningAlone({ engine, code }));
  return {
    schema: 'rollcall.page/1',
    run: {
      ...{ id, createdAt, updatedAt, source, engine },
      state: record.state,
      ...(schedule !== undefined && { schedule }),
      ...(waitsFor !== undefined && { waitsFor }),
      listed: counts.listed,
      ...(canary && { canary }),
      ...(undone && { undone }),
      ...(money && { money }),
    },
    madeAt: new Date().toISOString(),
    version,
    ...(summary && { summary }),
    aggregates,
    events: (await readRunEvents(state, id)).slice(-mostEvents),
    meanings: Object.fromEntries(meanings),
    warningMeanings: Object.fromEntries(
      Object.keys(aggregates.warnings).flatMap((warning) => {
        const meaning = meaningOf(warning);
        return meaning === undefined ? [] : [[warning, meaning]];
      }),
    ),
    deadLetters: letters.letters,
    thumbnails: {},
  };
}

/** An account that is throttled for days writes one a minute. */
const mostEvents = 2_000;

interface Counted {
  readonly aggregates: Aggregates;
  readonly letters: ReturnType<typeof createPageLetters>;
}

/** Undefined where files of the run's end are missing, or do not fit each other. */
async function fromEnd(state: StateStore, summary: Summary): Promise<Counted | undefined> {
  const folder = runFolderOf(summary.run);
  const aggregates = await readAggregates(state, folder);
  if (aggregates?.lines !== summary.total) return undefined;
  const letters = createPageLetters();
  for await (const lines of state.readLines(`${folder}/dead-letters.jsonl`)) {
    for (const { text } of lines) {
      const line = parsePartLine(text);
      if (line) letters.add(line);
    }
    if (letters.isFull) break;
  }
  return letters.isFull || letters.count === aggregates.deadLetters ? { aggregates, letters } : undefined;
}

async function fromLines(state: StateStore, record: RunRecord): Promise<Counted> {
  const fold = createAggregatesFold();
  const letters = createPageLetters();
  for await (const line of readWholeReport(state, record)) {
    fold.add(line);
    letters.add(line);
  }
  return { aggregates: fold.build(record.id), letters };
}

/** Of a code, or the kind of an error, of which no dead letter is at hand. */
export function meaningAlone({ engine, code }: { engine: string; code: string }): Meaning {
  const kind = errorKinds.find((one) => one === code);
  const error: ReportLine['error'] = kind ? { kind, message: '' } : { kind: 'rejected', code, message: '' };
  const { meaning, remedy } = groupOf({
    ...{ schema: reportSchemaName, run: '', seq: 1, status: 'rejected', engine, error, finishedAt: '' },
  });
  return { text: meaning, helps: remedy };
}
