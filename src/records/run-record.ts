import pLimit from 'p-limit';
import { z } from 'zod';
import { type CoreRunSettings, coreSettings } from '../settings/core-settings.ts';
import { keptSchemaOf } from '../settings/kept-settings.ts';
import type { RulesVersion } from '../sources/list-rules.ts';
import type { Source } from '../sources/source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { parseAs } from '../util/json-text.ts';
import { canarySchema } from './canary.ts';
import { callStatisticsSchema } from './report/call-statistics.ts';
import { undoneSchema } from './undo/undone.ts';

/**
 * Settings of a run that its workers and later conductors need; never a secret. Beside those of the core, what the
 * engine's adapter has of its own, which it reads itself.
 */
export type RunSettings = CoreRunSettings &
  Pick<Source, 'sameSubject' | 'idsFromPaths'> & {
    /** Of which version the rules are by which its source leaves files out; 1 in runs of the former version. */
    readonly listRules: RulesVersion;
  };

/** Whether subjects' ids are inferred from paths; undefined: a run of an earlier version does not say. */
export function areIdsFromPaths({
  idsFromPaths,
  sameSubject,
}: Pick<RunSettings, 'idsFromPaths' | 'sameSubject'>): boolean | undefined {
  return idsFromPaths ?? (sameSubject === 'collision' ? true : undefined);
}

const ownSettingsSchema = z.object({
  sameSubject: z.enum(['collision', 'repeat']),
  idsFromPaths: z.boolean().optional(),
  listRules: z.union([z.literal(1), z.literal(2)]).default(1),
});
export const runSettingsSchema = z.intersection(ownSettingsSchema.loose(), keptSchemaOf(coreSettings));

/** The pace of a run over the last minute of its conductor, and the time that is left. */
const etaSchema = z.object({
  callsPerSecond: z.number(),
  photosPerSecond: z.number(),
  /** For the photos listed so far; absent while none is finished. */
  leftInMs: z.number().optional(),
  /** Processes that take part in the run. */
  workers: z.number(),
});
export type Eta = z.infer<typeof etaSchema>;

/**
 * The room `records`: every format that is written down. A run's way through it: `run.json` (here), `manifest.ts` (the
 * list), `photo-job-data.ts` (a job), `report-line.ts` and `report-parts.ts` (results), `summary.ts` (the end).
 *
 * `run.json`. States: `active` (to be worked on, whether or not a process does), `paused` (needs attention: `waitsFor`
 * says what), `finished` and `cancelled` (the report is complete).
 */
export const runRecordSchema = z.object({
  schema: z.literal('rollcall.run/1'),
  id: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** The source without secrets: an absolute path, or `-`. */
  source: z.string(),
  /** Of the newest delivery of an inventory: how old it was when the run was started. */
  delivered: z
    .object({
      at: z.string(),
      everyInMs: z.number().optional(),
      ageInMs: z.number(),
      isOverdue: z.boolean(),
    })
    .optional(),
  /** The source whose photos these are, where they were listed from an earlier run and not from it. */
  origin: z.string().optional(),
  /** The folder that local photos may not leave; absent: they may lie anywhere. */
  rootFolder: z.string().optional(),
  /** Whether photos that the list names outside that folder are meant (from a pipe or a script); links in it may not lead out. */
  absoluteAnywhere: z.literal(true).optional(),
  /**
   * Where its photos may lie, wherever its list says they do: what the server allowed (`--allow-root`, `--allow-bucket`) by
   * whose API it was started. Folders by their real paths. Absent: started otherwise.
   */
  allowedPlaces: z
    .object({ folders: z.array(z.string()).readonly(), buckets: z.array(z.string()).readonly() })
    .optional(),
  /** The machine whose files the run needs; absent: every worker can read its photos. */
  filesOn: z.string().optional(),
  engine: z.string(),
  engineUrl: z.string(),
  /** Hash of engine, address and app id. */
  account: z.string(),
  /** The schedule that started it. */
  schedule: z.string().optional(),
  state: z.enum(['active', 'paused', 'finished', 'cancelled']),
  /** Of a paused run: what has to be done. Of an active one: what its account is waiting for. */
  waitsFor: z.string().optional(),
  /** Of an active run that is conducted, as of `updatedAt`. */
  outlook: etaSchema.optional(),
  epoch: z.number(),
  /** Up to when its settings were changed while it went on, or when it was resumed with others. */
  changedAt: z.string().optional(),
  /** Calls in flight in each process, where that was changed; never more than a process has by itself. */
  concurrency: z.number().optional(),
  settings: runSettingsSchema as unknown as z.ZodType<RunSettings>,
  /** Set when listing has ended. */
  listed: z
    .object({
      count: z.number(),
      sha256: z.string(),
      /** Files that were left out, where they were counted: the lines of `left-out.jsonl` say which. */
      leftOut: z.number().optional(),
      /** The same by suffix, folder or filter. */
      leftOutBy: z.record(z.string(), z.number()).optional(),
      /** ISO time at which the list had ended; absent in runs of the former version. */
      at: z.string().optional(),
      /** Of the file or object that was listed. */
      version: z.string().optional(),
      /** Parts of the source that could not be read, such as folders; absent: none. */
      gaps: z.number().optional(),
    })
    .optional(),
  /** Of a run with `--canary`. */
  canary: canarySchema.optional(),
  /** Of a run that is over: photos whose template has an id of the engine's own in place of the one sent. */
  ownTemplateIds: z.number().optional(),
  /** Of a run that was undone, as far as that came: photos by what became of them. */
  undone: undoneSchema.optional(),
  counts: z.object({
    listed: z.number(),
    done: z.number(),
    deadLetters: z.number(),
    calls: z.number(),
    /** These three are absent in runs of earlier versions. Those of the calls that identified. */
    identifications: z.number().optional(),
    /** Photos that cost no call because of what was known or foreseen. */
    saved: z.number().optional(),
    callStatistics: callStatisticsSchema.optional(),
    /** Of a run whose calls have a price: what its processes have claimed of its money. */
    claimed: z.string().optional(),
  }),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

const readsAtOnce = 32;

export const runsFolder = 'runs';
export const runFolderOf = (runId: string) => `${runsFolder}/${runId}`;
const recordPath = (runId: string) => `${runFolderOf(runId)}/run.json`;
/** `run.json` as it was first written: replaces a damaged one; the rest follows from manifest and parts. */
const firstRecordPath = (runId: string) => `${runFolderOf(runId)}/run.first.json`;

/** @throws FaultError where neither `run.json` nor its first form can be read */
export async function readRunRecord(state: StateStore, runId: string): Promise<RunRecord | undefined> {
  const path = recordPath(runId);
  const bytes = await state.read(path);
  if (!bytes) return undefined;
  const first = async () => (await state.read(firstRecordPath(runId)))?.toString();
  const record = parseRecord(bytes.toString()) ?? parseRecord((await first()) ?? '');
  if (record) return record;
  throw new FaultError(
    'state',
    `${state.locate(path)} is damaged: restore it from a backup, or remove its folder.`,
  );
}

const parseRecord = (text: string) => parseAs(runRecordSchema, text);

export async function writeFirstRunRecord(state: StateStore, record: RunRecord): Promise<void> {
  await state.write(firstRecordPath(record.id), `${JSON.stringify(record, undefined, 2)}\n`);
  await writeRunRecord(state, record);
}

/** As `writeFirstRunRecord`, for several who may make the same run at once: only the first one counts. */
export async function createRunRecord(state: StateStore, record: RunRecord): Promise<void> {
  const text = `${JSON.stringify(record, undefined, 2)}\n`;
  await state.create(firstRecordPath(record.id), text);
  await state.create(recordPath(record.id), text);
}

/** Written by the conductor alone, whole or not at all. */
export async function writeRunRecord(state: StateStore, record: RunRecord): Promise<void> {
  const updated: RunRecord = { ...record, updatedAt: new Date().toISOString() };
  await state.write(recordPath(record.id), `${JSON.stringify(updated, undefined, 2)}\n`);
}

/** Runs that are over do not change any more: a process that lists again and again reads them once. */
const overOf = new WeakMap<StateStore, ReadonlyMap<string, RunRecord>>();

/** A run whose `run.json` cannot be read: it is damaged, or belongs to another user. */
export interface UnreadableRun {
  readonly id: string;
  readonly fault: FaultError;
}

/**
 * All runs of the state, the newest first.
 * @throws FaultError where one of them cannot be read: who decides by all of them must not pass it over
 */
export async function listRunRecords(state: StateStore): Promise<RunRecord[]> {
  const { records, unreadable } = await listReadableRuns(state);
  if (unreadable[0]) throw unreadable[0].fault;
  return records;
}

/** The runs that can be read, the newest first, and those that cannot. */
export async function listReadableRuns(
  state: StateStore,
): Promise<{ records: RunRecord[]; unreadable: UnreadableRun[] }> {
  const folders = (await state.list(runsFolder)).filter((entry) => entry.isFolder);
  const known = overOf.get(state);
  const read = pLimit(readsAtOnce);
  const unreadable: UnreadableRun[] = [];
  const found = await Promise.all(
    folders.map(
      ({ name }) => known?.get(name) ?? read(() => readRunRecord(state, name).catch(noteFault(name))),
    ),
  );
  const records = found.filter((record) => record !== undefined);
  overOf.set(state, new Map(records.filter(isOver).map((record) => [record.id, record])));
  records.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return { records, unreadable };

  function noteFault(id: string) {
    return (fault: unknown): undefined => {
      if (!(fault instanceof FaultError)) throw fault;
      unreadable.push({ id, fault });
    };
  }
}

export const isOver = (record: RunRecord) => record.state === 'finished' || record.state === 'cancelled';

/** A conductor writes run.json every 5 s at least; a record this old has none. */
const quietAfterInMs = 15_000;

/** Whether a conductor has shown itself lately. */
export const isWorkedOn = (record: RunRecord, now = new Date()) =>
  record.state === 'active' &&
  record.epoch > 0 &&
  now.getTime() - Date.parse(record.updatedAt) < quietAfterInMs;

/** Why a run is paused, and what to do. */
export const reasonForPause = ({ id, waitsFor }: RunRecord) =>
  waitsFor ?? `no reason was recorded. To go on: rollcall resume ${id}`;
