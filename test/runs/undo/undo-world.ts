import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { RateLimiter } from '../../../src/account/rate-limiter.ts';
import type { Engine } from '../../../src/engines/engine.ts';
import { templateIdOf } from '../../../src/engines/registry.ts';
import { compactLedger } from '../../../src/ledger/compact-ledger.ts';
import { openErasedSubjects } from '../../../src/ledger/forgotten-subjects.ts';
import { createLedgerDelta } from '../../../src/ledger/ledger-delta.ts';
import type { QueueBackend } from '../../../src/queue/queue.ts';
import { openManifestWriter } from '../../../src/records/manifest.ts';
import type { ReportLine } from '../../../src/records/report/report-line.ts';
import { partsFolder } from '../../../src/records/report/report-part.ts';
import { type RunRecord, runFolderOf } from '../../../src/records/run-record.ts';
import type { UndoLine } from '../../../src/records/undo/undo-line.ts';
import { newRecord } from '../../../src/runs/create-or-resume-run.ts';
import { allowSubjects } from '../../../src/runs/erasure/forget-list.ts';
import { forgetSubjects } from '../../../src/runs/erasure/forget-subjects.ts';
import type { UndoTools } from '../../../src/runs/undo/open-undo-scene.ts';
import { readUndoLines } from '../../../src/runs/undo/undo-files.ts';
import { undoRun } from '../../../src/runs/undo/undo-run.ts';
import { openS3Connection } from '../../../src/storage/s3/s3-connection.ts';
import { createLocalStateStore } from '../../../src/storage/state/local-state-store.ts';
import type { StateStore, StateWriter } from '../../../src/storage/state/state-store.ts';
import { createMemoryAccountStore } from '../../account/memory-account-store.ts';
import { createMemoryLeases } from '../../account/memory-leases.ts';
import { makePhoto, writeFiles } from '../../helpers/photos.ts';
import { makeTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { settingsOf } from '../run-settings.ts';

const account = 'account-1';
const engineName = 'verihubs';
const signal = new AbortController().signal;

/** What the engine holds under an id, and whose call put it there. */
export interface Held {
  readonly run: string;
  readonly sha256: string;
}

/** One photo of a run's list. `ends`: what the engine does with the call, and what of that is heard. */
export interface GivenPhoto {
  readonly subject: string;
  readonly photo: number;
  readonly templateId?: string | undefined;
  readonly ends: 'enrolled' | 'stored-unheard' | 'lost' | 'rejected' | 'unchanged';
}

/**
 * A state on disk with everything that undoing reads and writes, around an engine in memory that knows the truth: what
 * happened under each id, and in whose name. Runs are told, not done.
 */
export async function openUndoWorld() {
  const home = await makeTemporaryFolder();
  const real = createLocalStateStore(join(home.path, 'state'));
  const leases = createMemoryLeases();
  const settings = await settingsOf({ engine: engineName, backoff: '1ms..1ms', maxAttempts: '2' });
  const photos = await Promise.all([0, 1, 2, 3].map(() => makePhoto()));
  const pathOf = (photo: number) => join(home.path, 'photos', `${photo}.jpg`);
  await writeFiles(
    join(home.path, 'photos'),
    Object.fromEntries(photos.map((bytes, index) => [`${index}.jpg`, bytes])),
  );
  const shaOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const shas = photos.map(shaOf);

  const held = new Map<string, Held>();
  /** All that ever happened under an id, in order; undefined: it was deleted. */
  const truth = new Map<string, { by: string; held: Held | undefined }[]>();
  const happened = (templateId: string, by: string, now: Held | undefined) => {
    truth.set(templateId, [...(truth.get(templateId) ?? []), { by, held: now }]);
    if (now) held.set(templateId, now);
    else held.delete(templateId);
  };
  let calls = 0;
  let failEvery = Number.POSITIVE_INFINITY;
  let actor = '';
  /** Clears `state` of a process that is killed: nothing it does then has an effect. */
  let stepsLeft = Number.POSITIVE_INFINITY;
  const step = () => {
    stepsLeft -= 1;
    if (stepsLeft < 0) throw new Error('killed');
  };
  const unanswered = { kind: 'unavailable', sent: true, message: 'lost' } as const;
  const engine: Engine = {
    ...{ name: engineName, accepts: { formats: ['jpeg'] }, checks: [] },
    templateIdFor: (subjectId) => templateIdOf({ engine: engineName, subjectId }),
    async enroll({ photo, templateId, onSent }) {
      onSent();
      step();
      calls += 1;
      const sha256 = shaOf(photo);
      // In the name of the run whose photo it is: it holds again.
      const owner = (truth.get(templateId) ?? []).findLast(
        (event) => event.held?.sha256 === sha256 && `undo ${event.held.run}` !== actor,
      );
      happened(templateId, actor, { run: owner?.held?.run ?? 'nobody', sha256 });
      step();
      if (calls % failEvery === 0) return unanswered;
      return { kind: 'enrolled', httpStatus: 200, templateId };
    },
    async deleteTemplate({ templateId, onSent }) {
      onSent();
      step();
      calls += 1;
      const existed = held.has(templateId);
      if (existed) happened(templateId, actor, undefined);
      step();
      if (calls % failEvery === 0) return unanswered;
      return { kind: 'deleted', httpStatus: 200, existed };
    },
    close: async () => {},
  };
  const limiter: RateLimiter = {
    acquire: async () => ({
      sent() {},
      done: async () => ({ charged: true }),
      checked: async () => {},
    }),
    joinRun: () => () => {},
    isRightSince: () => true,
    isToBeAsked: () => false,
    hasPassed: () => true,
    witness: () => ({ by: 'test', at: 0 }),
    snapshot: () => ({
      ratePerSecond: 1,
      achievedPerSecond: 1,
      heldByConcurrency: false,
      state: 'open',
      inFlight: 0,
    }),
    close: async () => {},
  };
  const emptyQueue = {
    ids: async () => [],
    find: async () => new Map(),
    finished: async () => [],
    close: async () => {},
  };
  const backend = {
    leases,
    accounts: createMemoryAccountStore(() => performance.now()),
    presence: { list: async () => [], entries: async () => [], workers: async () => [] },
    openRunQueue: () => emptyQueue,
  } as unknown as QueueBackend;
  const opened = {
    ...{ engine, url: 'http://engine', account, calledAccount: account },
    ready: async () => {},
  };
  const toolsOn = (state: StateStore): UndoTools => ({
    ...{ settings, state, engine: () => opened, engineOf: () => opened },
    calledAccountOf: async () => account,
    queue: async () => backend,
    limiter: async () => limiter,
    s3: openS3Connection({ pathStyle: false, environment: {} }),
    log: pino({ level: 'silent' }),
  });

  const records = new Map<string, RunRecord>();
  let clock = 0;
  const tick = () => {
    clock = Math.max(Date.now(), clock + 1);
    return new Date(clock).toISOString();
  };
  /** What comes next has later times than what was. */
  const later = () => delay(8);

  /** Tells when the first file of the ledger is there. */
  function telling(then: () => Promise<void>): StateStore {
    let isTold = false;
    return {
      ...real,
      async openWriter(path) {
        const writer = await real.openWriter(path);
        return {
          write: writer.write,
          async commit() {
            await writer.commit();
            if (isTold) return;
            isTold = true;
            await then();
          },
          discard: writer.discard,
        };
      },
    };
  }

  /** Everything that a process does which dies after so many steps. */
  function dying(steps: number): StateStore {
    stepsLeft = steps;
    const wrapWriter = (writer: StateWriter): StateWriter => ({
      async write(text) {
        step();
        await writer.write(text);
      },
      async commit() {
        step();
        await writer.commit();
        step();
      },
      discard: () => writer.discard(),
    });
    return {
      ...real,
      openWriter: async (path) => wrapWriter(await real.openWriter(path)),
      async write(path, content) {
        step();
        await real.write(path, content);
      },
      async remove(path) {
        step();
        await real.remove(path);
      },
      async openAppender(path, options) {
        step();
        const appender = await real.openAppender(path, options);
        return {
          ...appender,
          async append(text) {
            step();
            await appender.append(text);
            step();
          },
        };
      },
    };
  }

  return {
    state: real,
    held,
    truth,
    records,
    shas,
    idOf: (subject: string, templateId?: string) => templateId ?? engine.templateIdFor(subject),
    calls: () => calls,
    /** Somebody else's state, before this one. */
    enrollElsewhere(templateId: string): void {
      happened(templateId, 'elsewhere', { run: 'elsewhere', sha256: 'other' });
    },
    /** A run is told: its calls, its report, and where it is over its part of the ledger. */
    async run(
      id: string,
      given: readonly GivenPhoto[],
      { isOver, isUndoable }: { isOver: boolean; isUndoable: boolean },
    ) {
      const source = { address: `/source-${id}`, sameSubject: 'repeat', idsFromPaths: false } as const;
      const subject = { source, engine: engineName, engineUrl: 'http://engine', account };
      const record: RunRecord = {
        ...newRecord({ id, settings, subject }),
        state: isOver ? 'finished' : 'paused',
        updatedAt: new Date(Date.now() - 3_600_000).toISOString(),
      };
      records.set(id, record);
      // As it was left an hour ago: nobody waits for its calls.
      await real.write(`${runFolderOf(id)}/run.json`, JSON.stringify(record));
      const manifest = await openManifestWriter(real, id);
      await manifest.append(
        given.map(({ subject: subjectId, photo, templateId }) => ({
          subjectId,
          photo: pathOf(photo),
          ...(templateId && { templateId }),
        })),
      );
      await manifest.close();
      const erased = await openErasedSubjects(real, { engine: engineName, account });
      const delta = createLedgerDelta(real, record, erased);
      let text = '';
      // One that is not over has its last photo yet to do.
      for (const [index, photo] of (isOver ? given : given.slice(0, -1)).entries()) {
        const line = lineOf(record, {
          ...photo,
          seq: index + 1,
          isForgotten: erased.isForgotten(photo.subject),
          isUndoable,
        });
        text += `${JSON.stringify(line)}\n`;
        delta.add(line);
      }
      await real.write(`${partsFolder(runFolderOf(id))}/1-1.jsonl`, text);
      if (isOver) {
        await delta.flush();
        await delta.commit();
      } else await delta.discard();
      await later();
    },
    async forget(subject: string): Promise<void> {
      actor = 'forget';
      await forgetSubjects(toolsOn(real), [subject], { signal });
      await later();
    },
    async allow(subject: string): Promise<void> {
      await allowSubjects(toolsOn(real), [subject]);
      await later();
    },
    compact: () => compactLedger({ state: real, leases, account, signal }),
    changePhoto: async (photo: number) =>
      writeFiles(join(home.path, 'photos'), { [`${photo}.jpg`]: await makePhoto() }),
    /** Undoes a run; killed after each of these numbers of steps, then to its end. */
    async undo(
      id: string,
      {
        kills = [],
        failing,
        isResumed = true,
        beforeCalls,
      }: {
        kills?: readonly number[];
        /** False: it stays as the last kill left it. */
        isResumed?: boolean;
        failing?: number | undefined;
        /** Awaited when the ledger says what is about to be done. */
        beforeCalls?: () => Promise<void>;
      } = {},
    ): Promise<UndoLine[]> {
      const record = records.get(id);
      if (!record) throw new Error(`no run ${id}`);
      actor = `undo ${id}`;
      failEvery = failing ?? Number.POSITIVE_INFINITY;
      for (const steps of kills)
        await undoRun(toolsOn(dying(steps)), record, { signal }).catch(() => undefined);
      stepsLeft = Number.POSITIVE_INFINITY;
      if (isResumed) await undoRun(toolsOn(beforeCalls ? telling(beforeCalls) : real), record, { signal });
      await later();
      failEvery = Number.POSITIVE_INFINITY;
      const lines: UndoLine[] = [];
      for await (const line of readUndoLines(real, id)) lines.push(line);
      return lines;
    },
    close: () => home.remove(),
  };

  function lineOf(
    { id }: RunRecord,
    photo: GivenPhoto & { seq: number; isForgotten: boolean; isUndoable: boolean },
  ): ReportLine {
    const { subject, ends, seq, isForgotten, isUndoable } = photo;
    const templateId = photo.templateId ?? engine.templateIdFor(subject);
    const sha256 = shas[photo.photo] ?? '';
    const base = {
      schema: 'rollcall.report/1',
      ...{ run: id, seq, subjectId: subject, photo: pathOf(photo.photo), engine: engineName, templateId },
      ...{ sha256, version: '1', finishedAt: tick() },
    } as const;
    if (isForgotten) return { ...base, status: 'skipped', stored: 'no', reason: 'forgotten' };
    const replaced = isUndoable ? ({ replaced: held.has(templateId) ? 'some' : 'none' } as const) : {};
    if (ends === 'enrolled' || ends === 'stored-unheard') happened(templateId, id, { run: id, sha256 });
    switch (ends) {
      case 'enrolled':
        return { ...base, status: 'enrolled', stored: 'yes', ...replaced };
      case 'unchanged':
        return { ...base, status: 'skipped', reason: 'unchanged', stored: 'yes' };
      case 'rejected':
        return {
          ...base,
          status: 'rejected',
          stored: 'no',
          error: { kind: 'rejected', code: '5', message: 'no' },
        };
      default:
        return {
          ...base,
          status: 'failed',
          stored: 'unknown',
          error: { kind: 'unavailable', message: 'lost' },
          ...replaced,
        };
    }
  }
}
