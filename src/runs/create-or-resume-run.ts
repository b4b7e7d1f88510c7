import { randomBytes } from 'node:crypto';
import {
  isOver,
  listRunRecords,
  type RunRecord,
  type RunSettings,
  readRunRecord,
  writeFirstRunRecord,
  writeRunRecord,
} from '../records/run-record.ts';
import type { Settings } from '../settings/schema.ts';
import type { Source } from '../sources/source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { UsageError } from '../util/errors.ts';
import type { OwnForgetList } from './forget-list.ts';
import { noteForgetList } from './forget-list.ts';

/** What a run is about, besides its settings. */
export interface RunSubject {
  readonly source: Pick<Source, 'address' | 'sameSubject' | 'rootFolder'>;
  readonly engine: string;
  readonly engineUrl: string;
  readonly account: string;
  /** The machine whose files the run needs. */
  readonly filesOn?: string | undefined;
}

/**
 * The run that a command means: the one named by `--run-id`, else the newest unfinished run of the same source and
 * account, else a new one.
 * @throws UsageError if the named run is about something else
 */
export async function createOrResumeRun(options: {
  state: StateStore;
  settings: Settings;
  subject: RunSubject;
  /** Starts another run even if an unfinished one is there. */
  alwaysNew: boolean;
  /** Whom it is not to enroll, besides the account's forget list. */
  forgetList?: OwnForgetList;
  /** The schedule that starts it. */
  schedule?: string;
}): Promise<{ record: RunRecord; resumed: boolean }> {
  const { state, settings, subject, alwaysNew, forgetList = [], schedule } = options;
  const note = (runId: string) =>
    noteForgetList(state, { runId, account: subject.account, subjects: forgetList });
  const found = settings.runId
    ? await readRunRecord(state, settings.runId)
    : alwaysNew || subject.source.address === '-'
      ? undefined
      : (await listRunRecords(state)).find((record) => !isOver(record) && isAbout(record, subject));
  if (!found) {
    const fresh = newRecord({ id: settings.runId ?? newRunId(), settings, subject });
    const record = schedule === undefined ? fresh : { ...fresh, schedule };
    await note(record.id);
    await writeFirstRunRecord(state, record);
    return { record, resumed: false };
  }
  const { filesOn: _before, ...kept } = found;
  const { filesOn } = subject;
  const record = {
    ...kept,
    ...(filesOn !== undefined && { filesOn }),
    settings: changeable(found.settings, settings),
  };
  assertSameRun(found, newRecord({ id: found.id, settings, subject }));
  if (!isOver(found)) await note(found.id);
  // Another process may conduct this run, and writes the record too: it is left alone where nothing is new.
  const isChanged = differs(found.settings, record.settings) || found.filesOn !== filesOn;
  if (!isOver(found) && isChanged) await writeRunRecord(state, record);
  return { record, resumed: true };
}

const isAbout = (record: RunRecord, subject: RunSubject) =>
  record.source === subject.source.address && record.account === subject.account;

/** Sorts by time and says when: 20261122T010203Z-7f3a09bc. Scripts start many runs within one second. */
export function newRunId(): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `${time}-${randomBytes(4).toString('hex')}`;
}

export function newRecord({
  id,
  settings,
  subject,
}: {
  id: string;
  settings: Settings;
  subject: RunSubject;
}): RunRecord {
  const now = new Date().toISOString();
  return {
    schema: 'rollcall.run/1',
    id,
    createdAt: now,
    updatedAt: now,
    source: subject.source.address,
    ...(subject.source.rootFolder !== undefined && { rootFolder: subject.source.rootFolder }),
    ...(subject.filesOn !== undefined && { filesOn: subject.filesOn }),
    engine: subject.engine,
    engineUrl: subject.engineUrl,
    account: subject.account,
    state: 'active',
    epoch: 0,
    settings: runSettingsOf(settings, subject.source.sameSubject),
    counts: { listed: 0, done: 0, deadLetters: 0, calls: 0 },
  };
}

function runSettingsOf(settings: Settings, sameSubject: Source['sameSubject']): RunSettings {
  const { idFrom, repeat, include, exclude, redrive, limit, maxCalls, require } = settings;
  const { checkLiveness, checkDeepfake, keepDemographics, allowOutside, allowPrivate, allowEmpty } = settings;
  const { maxAttempts, backoff, stopAfterFailures, incremental, report, prepare, stripMetadata, preflight } =
    settings;
  const { dedupe, dedupeParallel, verify, threshold } = settings;
  const { checkQuality, checkAttribute, photoTransport } = settings;
  const { validateQuality, validateAttribute, validateLiveness, validateNface } = settings;
  return {
    idFrom,
    sameSubject,
    repeat,
    include,
    exclude,
    redrive,
    incremental,
    report,
    prepare,
    stripMetadata,
    preflight,
    ...(limit !== undefined && { limit }),
    ...(maxCalls !== undefined && { maxCalls }),
    // A required check that is not asked for could never be fine.
    checkLiveness: checkLiveness || require.includes('liveness'),
    checkDeepfake: checkDeepfake || require.includes('deepfake'),
    require,
    dedupe,
    dedupeParallel,
    ...(verify !== undefined && { verify }),
    threshold,
    checkQuality,
    checkAttribute,
    validateQuality,
    validateAttribute,
    validateLiveness,
    validateNface,
    photoTransport,
    keepDemographics,
    allowOutside,
    allowPrivate,
    allowEmpty,
    maxAttempts,
    backoff,
    stopAfterFailures,
  };
}

/** What a resumed run may be given anew: how it is worked on, not what it is about. */
function changeable(own: RunSettings, given: Settings): RunSettings {
  const { maxAttempts, backoff, stopAfterFailures, maxCalls, allowEmpty } = given;
  return {
    ...own,
    maxAttempts,
    backoff,
    stopAfterFailures,
    allowEmpty,
    ...(maxCalls !== undefined && { maxCalls }),
  };
}

const fixedSettings = [
  ['idFrom', '--id-from'],
  ['repeat', '--repeat'],
  ['include', '--include'],
  ['exclude', '--exclude'],
  ['redrive', '--redrive'],
  ['incremental', '--incremental'],
  ['report', '--report'],
  ['prepare', '--prepare'],
  ['stripMetadata', '--strip-metadata'],
  ['preflight', '--preflight'],
  ['limit', '--limit'],
  ['checkLiveness', '--check-liveness'],
  ['checkDeepfake', '--check-deepfake'],
  ['require', '--require'],
  ['dedupe', '--dedupe'],
  ['dedupeParallel', '--dedupe-parallel'],
  ['verify', '--verify'],
  ['threshold', '--threshold'],
  ['checkQuality', '--check-quality'],
  ['checkAttribute', '--check-attribute'],
  ['validateQuality', '--validate-quality'],
  ['validateAttribute', '--validate-attribute'],
  ['validateLiveness', '--validate-liveness'],
  ['validateNface', '--validate-nface'],
  ['photoTransport', '--photo-transport'],
] as const;

const differs = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);

/** @throws UsageError naming what of the given run is not the own one's */
export function assertSameRun(own: RunRecord, given: RunRecord): void {
  const different: string[] = [];
  if (own.source !== given.source) different.push(`the source (its own: ${own.source})`);
  if (own.account !== given.account)
    different.push(`the account (its own: ${own.engine} at ${own.engineUrl})`);
  for (const [key, flag] of fixedSettings) {
    if (differs(own.settings[key], given.settings[key])) {
      different.push(`${flag} (its own: ${JSON.stringify(own.settings[key] ?? 'none')})`);
    }
  }
  if (different.length === 0) return;
  throw new UsageError(
    'other-run',
    `Run ${own.id} was started with something else: ${different.join(', ')}. ` +
      'Give what it was started with, or start another run with --new or another --run-id.',
  );
}
