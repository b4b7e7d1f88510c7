import { randomBytes } from 'node:crypto';
import type { Settings } from '../engines/settings.ts';
import { readChangedRun } from '../records/run-changes.ts';
import {
  isOver,
  listRunRecords,
  type RunRecord,
  readRunRecord,
  writeFirstRunRecord,
  writeRunRecord,
} from '../records/run-record.ts';
import type { SettingTexts } from '../settings/load-settings.ts';
import { flagOf } from '../settings/setting.ts';
import { everyDayOf } from '../sources/s3-inventory/inventory-name.ts';
import type { Source } from '../sources/source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { UsageError } from '../util/errors.ts';
import { noteForgetList, type OwnForgetList } from './erasure/forget-list.ts';
import {
  describeRefused,
  describeTakenOver,
  newRunSettings,
  resumeSettings,
  type WantedSettings,
} from './run-settings.ts';

/** What a run is about, besides its settings. */
export interface RunSubject {
  readonly source: Pick<
    Source,
    'address' | 'newestIn' | 'delivered' | 'sameSubject' | 'idsFromPaths' | 'rootFolder' | 'absoluteAnywhere'
  >;
  readonly engine: string;
  readonly engineUrl: string;
  readonly account: string;
  /** The machine whose files the run needs. */
  readonly filesOn?: string | undefined;
  readonly allowedPlaces?: RunRecord['allowedPlaces'];
}

export interface CreateOrResumeOptions {
  readonly state: StateStore;
  readonly settings: Settings;
  /** Those of the settings that were given, as they were written. */
  readonly given: SettingTexts;
  readonly subject: RunSubject;
  /** Starts another run even if an unfinished one is there. */
  readonly alwaysNew: boolean;
  /** Whom it is not to enroll, besides the account's forget list. */
  readonly forgetList?: OwnForgetList;
  /** The schedule that starts it. */
  readonly schedule?: string;
}

export interface CreatedOrResumed {
  readonly record: RunRecord;
  readonly resumed: boolean;
  /** What a run that is resumed was given anew and has from now on, for people: `--max-attempts 7 (was 5)`. */
  readonly takenOver: readonly string[];
}

/**
 * The run that a command means: the one named by `--run-id`, else the newest unfinished run of the same source and
 * account, else a new one.
 * @throws UsageError if the run that is meant is about something else
 */
export async function createOrResumeRun(options: CreateOrResumeOptions): Promise<CreatedOrResumed> {
  const { state, settings, given, subject, forgetList = [], schedule } = options;
  const found = await findRun(options);
  if (found) return resumeRun(found, options);
  const fresh = newRecord({ id: settings.runId ?? newRunId(), settings, given, subject });
  const record = schedule === undefined ? fresh : { ...fresh, schedule };
  await noteForgetList(state, { runId: record.id, engine: subject.engine, subjects: forgetList });
  await writeFirstRunRecord(state, record);
  return { record, resumed: false, takenOver: [] };
}

async function findRun({ state, settings, subject, alwaysNew }: CreateOrResumeOptions) {
  if (settings.runId !== undefined) return readRunRecord(state, settings.runId);
  if (alwaysNew || subject.source.address === '-') return undefined;
  return (await listRunRecords(state)).find((record) => !isOver(record) && isAbout(record, subject));
}

async function resumeRun(
  written: RunRecord,
  { state, settings, given, subject, forgetList = [] }: CreateOrResumeOptions,
): Promise<CreatedOrResumed> {
  // What is given now stands above what was asked for before.
  const found = await readChangedRun(state, written);
  const { resumed, takenOver } = resumedRecord(found, { settings, given, subject });
  if (isOver(found)) return { record: found, resumed: true, takenOver: [] };
  await noteForgetList(state, { runId: found.id, engine: subject.engine, subjects: forgetList });
  const record = withFilesOn(resumed, subject.filesOn);
  // Another process may conduct this run, and writes the record too: it is left alone where nothing is new.
  const isChanged = record.settings !== found.settings || found.filesOn !== subject.filesOn;
  if (isChanged) await writeRunRecord(state, record);
  const added =
    given.forgetList === undefined ? [] : [`${flagOf('forgetList')} ${given.forgetList} (added to its own)`];
  return { record, resumed: true, takenOver: [...takenOver, ...added] };
}

function withFilesOn({ filesOn: _before, ...record }: RunRecord, filesOn: string | undefined): RunRecord {
  return { ...record, ...(filesOn !== undefined && { filesOn }) };
}

const isAbout = (record: RunRecord, { source, account }: RunSubject) =>
  isOfSource(record, source) && record.account === account;

/** Who names the folder of an inventory goes on with what was begun of another day, too: no call is made twice. */
const isOfSource = (record: RunRecord, { address, newestIn }: RunSubject['source']) =>
  record.source === address || (newestIn !== undefined && everyDayOf(record.source) === everyDayOf(address));

/** Sorts by time and says when: 20261122T010203Z-7f3a09bc. Scripts start many runs within one second. */
export function newRunId(): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `${time}-${randomBytes(4).toString('hex')}`;
}

export function newRecord({
  id,
  settings,
  given = {},
  subject,
}: {
  id: string;
  settings: Settings;
  given?: SettingTexts;
  subject: RunSubject;
}): RunRecord {
  const now = new Date().toISOString();
  return {
    schema: 'rollcall.run/1',
    id,
    createdAt: now,
    updatedAt: now,
    source: subject.source.address,
    ...(subject.source.delivered && { delivered: subject.source.delivered }),
    ...(subject.source.rootFolder !== undefined && { rootFolder: subject.source.rootFolder }),
    ...(subject.source.absoluteAnywhere && { absoluteAnywhere: true }),
    ...(subject.allowedPlaces && { allowedPlaces: subject.allowedPlaces }),
    ...(subject.filesOn !== undefined && { filesOn: subject.filesOn }),
    engine: subject.engine,
    engineUrl: subject.engineUrl,
    account: subject.account,
    state: 'active',
    epoch: 0,
    settings: newRunSettings({ settings, given }, subject.source),
    counts: { listed: 0, done: 0, deadLetters: 0, calls: 0 },
  };
}

/** Gives a paused run what may change of the wanted settings. @returns what is new, for people */
export async function changePausedRun(
  state: StateStore,
  record: RunRecord,
  wanted: WantedSettings,
): Promise<readonly string[]> {
  if (record.state !== 'paused') return [];
  const changed = await readChangedRun(state, record);
  const { settings, takenOver } = resumeSettings(changed.settings, wanted);
  if (takenOver.length === 0) return [];
  await writeRunRecord(state, { ...changed, settings, changedAt: new Date().toISOString() });
  return takenOver.map(describeTakenOver);
}

/**
 * A run as it is after it was given settings again.
 * @throws UsageError naming what of the given is not the run's own, and both values
 */
export function resumedRecord(
  found: RunRecord,
  { settings, given, subject }: WantedSettings & { readonly subject: RunSubject },
): { resumed: RunRecord; takenOver: readonly string[] } {
  const after = resumeSettings(found.settings, { settings, given });
  const different = [...differentSubject(found, subject, given), ...after.refused.map(describeRefused)];
  if (different.length > 0) {
    throw new UsageError(
      'other-run',
      `Run ${found.id} was started with something else: ${different.join(', ')}. ` +
        'Give what it was started with, or start another run with --new or another --run-id.',
    );
  }
  if (after.takenOver.length === 0) return { resumed: found, takenOver: [] };
  return {
    resumed: { ...found, settings: after.settings, changedAt: new Date().toISOString() },
    takenOver: after.takenOver.map(describeTakenOver),
  };
}

function differentSubject(own: RunRecord, subject: RunSubject, given: WantedSettings['given']): string[] {
  const { source, account, engine, engineUrl } = subject;
  const different: string[] = [];
  if (!isOfSource(own, source)) different.push(`the source (its own: ${own.source})`);
  if (given.engine !== undefined && engine !== own.engine)
    different.push(`${flagOf('engine')} ${engine} (its own: ${own.engine})`);
  if (given.engineUrl !== undefined && engineUrl !== own.engineUrl)
    different.push(`${flagOf('engineUrl')} ${engineUrl} (its own: ${own.engineUrl})`);
  if (own.account !== account) different.push(`the account (its own: ${own.engine} at ${own.engineUrl})`);
  return different;
}
