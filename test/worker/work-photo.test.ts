import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRateLimiter } from '../../src/account/create-rate-limiter.ts';
import type { RateLimiter } from '../../src/account/rate-limiter.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { createEngine } from '../../src/engines/registry.ts';
import type { GivenSettings } from '../../src/engines/settings.ts';
import { contentFingerprint } from '../../src/ledger/fingerprint.ts';
import { createByteBudget } from '../../src/photos/byte-budget.ts';
import type { PhotoProblem } from '../../src/photos/photo.ts';
import { createPhotoReader, type PhotoReader } from '../../src/photos/read-photo.ts';
import type { PhotoJob, QueueBackend, WorkResult } from '../../src/queue/queue.ts';
import type { Outcome } from '../../src/records/report/report-line.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { openS3Connection } from '../../src/storage/s3/s3-connection.ts';
import type { WorkContext } from '../../src/worker/photo-task.ts';
import { createSourceWatch } from '../../src/worker/source-watch.ts';
import { workPhoto } from '../../src/worker/work-photo.ts';
import { startEngineServer, testCredentials } from '../helpers/engine-server.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { tagPerson } from '../helpers/engine-server-tag.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { type QueueServer, startEmbeddedQueue } from '../helpers/queue-servers.ts';
import { until } from '../helpers/until.ts';
import { makeJob } from '../queue/photo-jobs.ts';
import { settingsOf } from '../runs/run-settings.ts';

describe('one photo, with a real engine and a real gate', () => {
  let server: QueueServer;
  let backend: QueueBackend;
  let engineServer: EngineServer;
  let reader: PhotoReader;
  let limiter: RateLimiter;
  let draining: AbortController;
  let account = 0;
  const engines: Engine[] = [];
  const none = new AbortController().signal;

  beforeAll(async () => {
    [server, engineServer] = await Promise.all([startEmbeddedQueue(), startEngineServer()]);
    backend = await server.open();
    reader = createPhotoReader({ allowPrivate: false, rootFolder: server.stateFolder, timeoutInMs: 5_000 });
  });
  afterAll(async () => {
    await reader.close();
    await backend.close();
    await engineServer.close();
    await server.close();
  });
  beforeEach(() => {
    engineServer.reset();
    draining = new AbortController();
    account += 1;
    limiter = createRateLimiter({
      store: backend.accounts,
      account: `account-${account}`,
      ratePerSecond: 200,
      concurrency: 4,
      processName: `test:${account}:1`,
      giveUpAfterInMs: 60_000,
      log: { info: () => {}, warn: () => {} },
    });
  });
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close();
    await limiter.close();
  });

  async function contextOf(flags: GivenSettings = {}, more: Partial<WorkContext> = {}): Promise<WorkContext> {
    const settings = await settingsOf({ timeout: '2s', ...flags });
    const { engine } = createEngine({
      name: 'ooto',
      url: engineServer.url,
      environment: { OOTO_APP_ID: testCredentials.appId, OOTO_APP_KEY: testCredentials.appKey },
      timeoutInMs: settings.timeout,
      concurrency: 4,
    });
    engines.push(engine);
    const subject = {
      source: { address: '/x', sameSubject: 'repeat' as const },
      engine: 'ooto',
      engineUrl: '',
      account: '',
    };
    return {
      settings: newRecord({ id: 'r', settings, subject }).settings,
      engine,
      limiter,
      readPhoto: reader.read,
      source: createSourceWatch({
        readPhoto: reader.read,
        renew: () => undefined,
        waitInMs: 60_000,
        giveUp: async () => undefined,
        log: { info: () => {}, warn: () => {} },
      }),
      s3: openS3Connection({ pathStyle: true }),
      memory: createByteBudget(1024 * 1024),
      addressOf: async (data) => data.photo,
      readUpload: async () => ({ problem: 'there is none', retryable: false }),
      takeCall: async () => true,
      refusalOf: async () => undefined,
      draining: draining.signal,
      ...more,
    };
  }

  let seq = 0;
  async function jobOf(content: Buffer | string, more: Partial<PhotoJob['data']> = {}): Promise<PhotoJob> {
    seq += 1;
    const name = `photo-${seq}.jpg`;
    await writeFiles(server.stateFolder, { [name]: content });
    return makeJob(seq, { photo: join(server.stateFolder, name), ...more });
  }
  const outcomeOf = (result: WorkResult) => ('outcome' in result ? (result.outcome as Outcome) : undefined);
  const againOf = (result: WorkResult) => ('again' in result ? result.again : undefined);

  /** Works on the photo as often as it is put off. */
  async function workOff(
    job: PhotoJob,
    context: WorkContext,
  ): Promise<{ outcome: Outcome; delaysInMs: number[] }> {
    const delaysInMs: number[] = [];
    for (let data = job.data; ; ) {
      const result = await workPhoto({ ...job, data }, context, none);
      const outcome = outcomeOf(result);
      if (outcome) return { outcome, delaysInMs };
      const again = againOf(result);
      if (!again) throw new Error('given back');
      delaysInMs.push(again.delayInMs);
      data = again.data;
    }
  }

  it('is enrolled with one call, and the report can say what was sent', async () => {
    const photo = await makePhoto();
    const { outcome } = await workOff(await jobOf(photo), await contextOf());
    expect(outcome).toMatchObject({
      status: 'enrolled',
      stored: 'yes',
      attempts: 1,
      sizeInBytes: photo.length,
      sha256: createHash('sha256').update(photo).digest('hex'),
    });
    expect(outcome).not.toHaveProperty('calls');
    expect(outcome.durationInMs).toBeGreaterThanOrEqual(0);
    expect(engineServer.calls).toHaveLength(1);
    expect(engineServer.templates.has(outcome.templateId ?? '')).toBe(true);
  });

  it.each([
    ['503x2', { status: 'enrolled', attempts: 3 }, 3],
    ['500', { status: 'failed', attempts: 3, stored: 'unknown' }, 3],
    ['429:after=0x2', { status: 'enrolled', attempts: 1, calls: 3 }, 3],
    ['code-5', { status: 'rejected', attempts: 1, stored: 'no' }, 1],
    ['reset-after+code-5', { status: 'rejected', attempts: 2, stored: 'unknown' }, 2],
    ['cut-json+500', { status: 'failed', attempts: 3, stored: 'unknown' }, 3],
  ] as const)('played %s ends as told, each delay within its bounds', async (script, expected, calls) => {
    const job = await jobOf(await makePhoto({ script }));
    const context = await contextOf({ maxAttempts: 3, backoff: '100ms..150ms' });
    const { outcome, delaysInMs } = await workOff(job, context);
    expect(outcome).toMatchObject(expected);
    expect(engineServer.calls).toHaveLength(calls);
    expect(delaysInMs.every((delay, index) => delay >= 0 && delay <= (index === 0 ? 100 : 150))).toBe(true);
    if (outcome.status === 'failed') expect(outcome.templateId).toBe(engineServer.calls[0]?.templateId);
  });

  it.each([
    ['no image', 'not an image at all', /image/],
    ['nothing', '', /empty|image/],
  ])('%s is an outcome without a call', async (_, content, message) => {
    const { outcome } = await workOff(await jobOf(content), await contextOf());
    expect(outcome).toMatchObject({ status: 'failed', stored: 'no', attempts: 0, error: { kind: 'photo' } });
    expect(outcome.error?.message).toMatch(message);
    expect(engineServer.calls).toHaveLength(0);
  });

  it.each([
    ['enrolled', '=T1', { reason: 'unchanged', stored: 'yes', templateId: 'T1' }],
    ['enrolled', '*', { reason: 'unchanged', stored: 'yes' }],
    ['rejected', '', { reason: 'rejected-before' }],
  ] as const)(
    'whose bytes were %s before (template %s) needs no call',
    async (before, template, expected) => {
      const photo = await makePhoto();
      const sha256 = createHash('sha256').update(photo).digest('hex');
      const enrolledAt = '2026-11-21T02:00:00.000Z';
      const known = { [before]: contentFingerprint(sha256, template), enrolledAt };
      const more = { templateId: 'T1', version: 'listed', known };
      const { outcome } = await workOff(await jobOf(photo, more), await contextOf());
      expect(outcome).toMatchObject({ status: 'skipped', attempts: 0, sha256, ...expected });
      expect(outcome.version).not.toBe('listed');
      const isKnownBy = template === '=T1';
      expect(outcome.templateId).toBe(isKnownBy ? 'T1' : undefined);
      expect(outcome.enrolledAt).toBe(isKnownBy ? enrolledAt : undefined);
      expect(engineServer.calls).toHaveLength(0);
    },
  );

  it.each([
    ['its bytes are others', { known: { enrolled: contentFingerprint('aa', '') } }],
    [
      'an earlier call of this run may have stored others',
      { tries: { attempts: 0, calls: 1, reads: 0, storedUnknown: true } },
    ],
  ])('is called although the ledger knows its subject where %s', async (_, more) => {
    const photo = await makePhoto();
    const enrolled = contentFingerprint(createHash('sha256').update(photo).digest('hex'), '');
    const { outcome } = await workOff(
      await jobOf(photo, { known: { enrolled }, ...more }),
      await contextOf(),
    );
    expect(outcome.status).toBe('enrolled');
    expect(engineServer.calls).toHaveLength(1);
  });

  it('that is missing is an outcome; what an earlier call may have stored is not forgotten', async () => {
    const job = makeJob(1, {
      photo: join(server.stateFolder, 'missing.jpg'),
      tries: { attempts: 1, calls: 1, reads: 0, storedUnknown: true },
    });
    const { outcome } = await workOff(job, await contextOf({ maxAttempts: 2, backoff: '1ms..1ms' }));
    expect(outcome).toMatchObject({
      status: 'failed',
      stored: 'unknown',
      attempts: 1,
      error: { kind: 'photo' },
    });
  });

  it.each([
    ['is charged where another can be read', 'ok', ['enrolled', 'failed']],
    ['is not charged where no other can be read any more', 'denied', ['enrolled', undefined]],
  ])('that is denied %s', async (_, other, expected) => {
    const [good, bad] = [await jobOf(await makePhoto()), makeJob(900, { photo: 's3://archive/denied.jpg' })];
    const denied = { problem: 'photo may not be read (AccessDenied, 403)', retryable: false, fault: 'open' };
    let isAllDenied = false;
    const readPhoto: WorkContext['readPhoto'] = async (address, ...more) =>
      isAllDenied || address === bad.data.photo ? (denied as PhotoProblem) : reader.read(address, ...more);
    const source = createSourceWatch({
      readPhoto,
      renew: () => undefined,
      waitInMs: 60_000,
      giveUp: async () => undefined,
      log: { info: () => {}, warn: () => {} },
    });
    const context = await contextOf({}, { readPhoto, source });
    const first = await workPhoto(good, context, none);
    isAllDenied = other === 'denied';
    const second = await workPhoto(bad, context, none);
    expect([outcomeOf(first)?.status, outcomeOf(second)?.status]).toEqual(expected);
    const again = againOf(second);
    if (again) expect(again).toMatchObject({ isLast: true, data: { tries: { reads: 0, attempts: 0 } } });
    else expect(outcomeOf(second)?.error).toMatchObject({ kind: 'photo', message: denied.problem });
  });

  it('waits at the gate no longer than the process works: it goes back with what was tried', async () => {
    const tries = { attempts: 2, calls: 3, reads: 0, storedUnknown: true };
    const job = await jobOf(await makePhoto(), { tries });
    await backend.accounts.change(`account-${account}`, (state, now) => ({
      ...state,
      pause: { reason: 'user' as const, message: 'by hand', since: now },
    }));
    const context = await contextOf();
    const working = workPhoto(job, context, none);
    await until(() => context.limiter.snapshot().state === 'paused', { what: 'the paused account' });
    draining.abort();
    expect(againOf(await working)).toEqual({
      delayInMs: 0,
      data: { ...job.data, tries: { ...tries, startedAt: expect.any(String) } },
    });
    expect(engineServer.calls).toHaveLength(0);
  });

  it('lets a call in flight end when the process drains', async () => {
    const job = await jobOf(await makePhoto({ script: 'slow:ms=400' }));
    const working = workPhoto(job, await contextOf(), none);
    await until(() => engineServer.calls.length === 1);
    draining.abort();
    expect(outcomeOf(await working)).toMatchObject({ status: 'enrolled', attempts: 1 });
  });

  it('says that something may be stored where a call was aborted after it was sent', async () => {
    const job = await jobOf(await makePhoto({ script: 'silent' }));
    const context = await contextOf({ maxAttempts: 1 });
    const deadline = new AbortController();
    const working = workPhoto(job, context, deadline.signal);
    await until(() => engineServer.calls.some((call) => call.photoSha256 !== undefined));
    draining.abort();
    deadline.abort();
    const again = againOf(await working);
    expect(again?.data.tries).toMatchObject({ attempts: 0, calls: 1, storedUnknown: true });
    expect(again?.delayInMs).toBe(0);
  });

  it('is not called while the budget is spent', async () => {
    const job = await jobOf(await makePhoto());
    let asked = 0;
    const context = await contextOf({}, { takeCall: async () => ++asked < 0 });
    const working = workPhoto(job, context, none);
    await until(() => asked === 1);
    draining.abort();
    expect(againOf(await working)?.data.tries.calls).toBe(0);
    expect(engineServer.calls).toHaveLength(0);
  });

  it('whose reading breaks the program is an internal error, not of the photo', async () => {
    const context = await contextOf({}, { readPhoto: () => Promise.reject(new TypeError('x is undefined')) });
    await expect(workPhoto(await jobOf(''), context, none)).rejects.toThrow('x is undefined');
  });

  it('reports the version that was really sent, and that it changed since it was listed', async () => {
    const changed = await workOff(await jobOf(await makePhoto(), { version: 'listed' }), await contextOf());
    expect(changed.outcome.warnings).toContain('changed-since-listing');
    expect(changed.outcome.version).not.toBe('listed');
    const given = await workOff(
      await jobOf(await makePhoto(), { version: 'own word', row: 3 }),
      await contextOf(),
    );
    expect(given.outcome.version).toBe('own word');
    expect(given.outcome.warnings ?? []).not.toContain('changed-since-listing');
  });

  it.each([
    ['ok@503x2', { status: 'enrolled', attempts: 1, calls: 4, identifications: 3 }, 4],
    ['ok@429:after=0x2', { status: 'enrolled', attempts: 1, calls: 4, identifications: 3 }, 4],
    ['ok@500', { status: 'failed', stored: 'no', attempts: 0, calls: 3, error: { kind: 'unavailable' } }, 3],
    ['ok@code-5', { status: 'rejected', stored: 'no', attempts: 0, calls: 1, error: { code: '5' } }, 1],
    // What was charged for either call counts together; each try asks anew who it is.
    ['503@503x1', { status: 'failed', attempts: 2, calls: 5, identifications: 3 }, 5],
    ['code-6@ok', { status: 'rejected', attempts: 1, calls: 2, error: { code: '6' } }, 2],
    // Stored, though the reply was lost: under its own template it is no duplicate.
    ['reset-after+ok', { status: 'enrolled', attempts: 2, calls: 4, identifications: 2 }, 4],
  ] as const)('with --dedupe, played %s: ends as told', async (script, expected, calls) => {
    const job = await jobOf(await makePhoto({ script }));
    const context = await contextOf({ dedupe: true, maxAttempts: 3, backoff: '10ms..20ms' });
    const { outcome } = await workOff(job, context);
    expect(outcome).toMatchObject(expected);
    expect(engineServer.calls).toHaveLength(calls);
    expect(outcome).not.toHaveProperty('match');
  });

  it('with --dedupe is a duplicate from the threshold on, with what is known of an earlier call', async () => {
    const person = async (script = 'ok') => tagPerson(await makePhoto({ script }), 'anna');
    const context = await contextOf({ dedupe: true, backoff: '10ms..20ms' });
    const first = await workOff(await jobOf(await person()), context);
    const match = { templateId: first.outcome.templateId, similarity: 0.9 };
    const second = await workOff(await jobOf(await person()), context);
    expect(second.outcome).toMatchObject({ status: 'duplicate', stored: 'no', attempts: 0, calls: 1, match });
    const exactly = await contextOf({ dedupe: true, threshold: 0.9 });
    const third = await workOff(await jobOf(await person()), exactly);
    expect(third.outcome).toMatchObject({ status: 'duplicate', match });
    const alike = await contextOf({ dedupe: true, threshold: 0.900001 });
    expect((await workOff(await jobOf(await person()), alike)).outcome).toMatchObject({ status: 'enrolled' });
    // Its own call was sent and perhaps stored; by the time of the next one the other is there.
    const job = await jobOf(await person());
    const lost = { attempts: 1, calls: 1, reads: 0, storedUnknown: true };
    const { outcome } = await workOff({ ...job, data: { ...job.data, tries: lost } }, context);
    expect(outcome).toMatchObject({ status: 'duplicate', stored: 'unknown', templateId: expect.any(String) });
    expect(engineServer.calls.filter(({ path }) => path.includes('/add'))).toHaveLength(2);
  });

  it('with --verify is found at exactly the threshold', async () => {
    const context = await contextOf({ verify: 'all', threshold: 1 });
    const { outcome } = await workOff(
      await jobOf(await makePhoto({ script: 'ok' }), { verify: true }),
      context,
    );
    expect(outcome).toMatchObject({ verification: { matched: true, similarity: 1 } });
  });

  it('with --verify is asked for until it is found, and is never enrolled again for that', async () => {
    const context = await contextOf({ verify: 'all', maxAttempts: 4, backoff: '10ms..40ms' });
    const sampled = async (script: string) => jobOf(await makePhoto({ script }), { verify: true });
    engineServer.setIndexLag({ identifications: 2 });
    const { outcome, delaysInMs } = await workOff(await sampled('ok@503x1+ok'), context);
    expect(outcome).toMatchObject({
      status: 'enrolled',
      attempts: 1,
      calls: 5,
      identifications: 4,
      verification: { matched: true, similarity: 1 },
    });
    expect(outcome).not.toHaveProperty('warnings');
    // A failure is waited for with jitter, the index in full.
    expect(delaysInMs.slice(1)).toEqual([10, 20]);

    engineServer.setIndexLag({ identifications: 5 });
    const never = await workOff(await sampled('ok'), context);
    expect(never.outcome).toMatchObject({
      status: 'enrolled',
      stored: 'yes',
      identifications: 4,
      verification: { matched: false, similarity: 0.31, templateId: outcome.templateId },
      warnings: ['not-found-again'],
    });
    const unanswered = await workOff(await sampled('ok@500'), context);
    expect(unanswered.outcome).toMatchObject({ status: 'enrolled', calls: 5, warnings: ['not-verified'] });
    expect(unanswered.outcome).not.toHaveProperty('verification');
    expect((await workOff(await sampled('code-5'), context)).outcome).not.toHaveProperty('identifications');

    // While it waits it is changed, then removed: the engine has what was sent.
    for (const change of [makePhoto, undefined]) {
      const job = await sampled('ok');
      const again = againOf(await workPhoto(job, context, none));
      expect(again?.data.tries.enrolled).toMatchObject({ status: 'enrolled', attempts: 1 });
      if (change) await writeFile(job.data.photo, await change());
      else await rm(job.data.photo);
      const end = await workOff({ ...job, data: again?.data ?? job.data }, context);
      expect(end.outcome).toMatchObject({ status: 'enrolled', stored: 'yes', warnings: ['not-verified'] });
      expect(end.outcome.finishedAt).toBe(again?.data.tries.enrolled?.finishedAt);
    }
    expect(engineServer.calls.filter(({ path }) => path.includes('/add'))).toHaveLength(6);
  });
});
