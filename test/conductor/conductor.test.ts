import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { pauseAccount } from '../../src/account/account-pause.ts';
import { manifestPath } from '../../src/records/manifest.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { writeControl } from '../../src/records/run-control.ts';
import { writeRunRecord } from '../../src/records/run-record.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { FaultError, UsageError } from '../../src/util/errors.ts';
import { type QueueServer, startEmbeddedQueue } from '../helpers/queue-servers.ts';
import { until } from '../helpers/until.ts';
import { enrolled, type Stage, setStage, type Work } from './conducting.ts';
import { givenSource } from './given-source.ts';

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('conducting a run', () => {
  let server: QueueServer;

  beforeAll(async () => {
    server = await startEmbeddedQueue();
  });
  afterAll(() => server.close());

  async function stageOf(options: Parameters<typeof setStage>[1]): Promise<Stage> {
    const stage = await setStage(server, options);
    onTestFinished(stage.close);
    return stage;
  }

  const countOf = (lines: readonly ReportLine[], status: string) =>
    lines.filter((line) => line.status === status).length;
  const expectOneLineEach = async (stage: Stage, count: number) => {
    const lines = await stage.report();
    expect(lines.map(({ seq }) => seq)).toEqual(range(count));
    return lines;
  };
  /** Work that goes on until it is let through. */
  const deferred = () => {
    const door = new AbortController();
    const work: Work = async (job, signal) => {
      if (!door.signal.aborted) await Promise.race([once(door.signal, 'abort'), once(signal, 'abort')]);
      return enrolled(job, signal);
    };
    return { work, open: () => door.abort() };
  };

  it.each([
    ['a whole list', { count: 2 }, {}, { missing: 0 }],
    ['a list with gaps', { count: 2, gaps: 1 }, {}, { gaps: 1 }],
    ['an empty list, as of a drive that is not there', { count: 0 }, {}, { total: 0 }],
    ['an empty list that is meant', { count: 0 }, { allowEmpty: true }, { missing: 0 }],
  ])('says who is missing, or does not: %s', async (_, { count, ...more }, flags, expected) => {
    const settings = { incremental: true, ...flags };
    const stage = await stageOf({ source: givenSource(count, more), settings });
    const end = await stage.conduct();
    expect(end).toMatchObject({ kind: 'over', summary: expected });
    expect('missing' in (end as { summary: object }).summary).toBe('missing' in expected);
    const file = await stage.state.size(`runs/${stage.runId}/missing.jsonl`);
    expect(file !== undefined).toBe('missing' in expected);
  });

  it('lists, feeds, collects and finishes, and leaves nothing in the queue', async () => {
    const subjectOf = (index: number) => `subject-${index % 200}`;
    const stage = await stageOf({ source: givenSource(1_300, { subjectOf }) });
    const end = await stage.conduct();
    const lines = await expectOneLineEach(stage, 1_300);
    expect(countOf(lines, 'enrolled')).toBe(200);
    expect(lines.filter(({ reason }) => reason === 'repeated').map(({ seq }) => seq)).toEqual(
      range(1_300).slice(200),
    );
    const report = await stage.state.read(`runs/${stage.runId}/report.jsonl`);
    expect(end).toMatchObject({
      kind: 'over',
      summary: {
        total: 1_300,
        state: 'finished',
        calls: 200,
        reportSha256: createHash('sha256')
          .update(report ?? '')
          .digest('hex'),
      },
    });
    expect(await stage.record()).toMatchObject({
      state: 'finished',
      epoch: 1,
      counts: { listed: 1_300, done: 1_300 },
    });
    expect([...stage.worked].sort((a, b) => a - b)).toEqual(range(200));
    expect(await server.remains(stage.runId)).toEqual([]);
    expect(await stage.backend.leases.holder(`run-${stage.runId}`)).toBeUndefined();
  });

  it('does nothing more for a run that is over', async () => {
    const stage = await stageOf({ source: givenSource(3) });
    const first = await stage.conduct();
    const before = await stage.record();
    expect(await stage.conduct()).toEqual(first);
    expect(stage.worked).toHaveLength(3);
    expect(await stage.record()).toEqual(before);
  });

  it('of an empty source ends with an empty report', async () => {
    const stage = await stageOf({ source: givenSource(0) });
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { total: 0, calls: 0 } });
  });

  it('feeds no more than the window, and goes on while one photo is slow', async () => {
    const door = deferred();
    const stage = await stageOf({
      source: givenSource(150),
      work: (job, signal) => (job.data.seq === 1 ? door.work(job, signal) : enrolled(job, signal)),
    });
    const conducting = stage.conduct({ window: 20 });
    let most = 0;
    await until(
      async () => {
        const { waiting, active, finished } = await stage.backend.openRunQueue(stage.runId).counts();
        most = Math.max(most, waiting + active + finished);
        return stage.worked.length === 150;
      },
      { what: 'the work on all photos but the slow one' },
    );
    expect(most).toBeLessThanOrEqual(20);
    door.open();
    expect(await conducting).toMatchObject({ kind: 'over', summary: { total: 150 } });
  });

  it('with --repeat each sends a later photo of a subject only after the earlier has its line', async () => {
    const inWork = new Set<string>();
    const order: number[] = [];
    const stage = await stageOf({
      source: givenSource(60, { subjectOf: (index) => `subject-${index % 7}` }),
      settings: { repeat: 'each' },
      work: async (job, signal) => {
        const { subjectId, seq } = job.data;
        if (inWork.has(subjectId)) throw new Error(`${subjectId} twice at once`);
        inWork.add(subjectId);
        await new Promise(setImmediate);
        inWork.delete(subjectId);
        order.push(seq);
        return enrolled(job, signal);
      },
    });
    await stage.conduct();
    const lines = await expectOneLineEach(stage, 60);
    expect(countOf(lines, 'enrolled')).toBe(60);
    for (const rest of range(7)) {
      const own = order.filter((seq) => seq % 7 === rest % 7);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
  });

  it('pauses when somebody asks for it, keeps what was done, and ends when it is resumed', async () => {
    const door = deferred();
    const stage = await stageOf({
      source: givenSource(50),
      onStop: door.open,
      work: (job, signal) => (job.data.seq > 10 ? door.work(job, signal) : enrolled(job, signal)),
    });
    const conducting = stage.conduct();
    await until(() => stage.worked.length > 10);
    await writeControl(stage.state, stage.runId, 'pause');
    const end = await conducting;
    expect(end).toMatchObject({
      kind: 'paused',
      waitsFor: expect.stringContaining(`rollcall resume ${stage.runId}`),
    });
    expect(await stage.record()).toMatchObject({ state: 'paused', waitsFor: expect.any(String) });
    const before = stage.worked.length;
    expect((await stage.report()).length).toBe(before);
    expect(await stage.conduct()).toMatchObject({ kind: 'paused' });
    expect(stage.worked).toHaveLength(before);

    await writeControl(stage.state, stage.runId, 'run');
    expect(await stage.conduct()).toMatchObject({ kind: 'over' });
    await expectOneLineEach(stage, 50);
    expect([...stage.worked].sort((a, b) => a - b)).toEqual(range(50));
    expect(await stage.record()).not.toHaveProperty('waitsFor');
  });

  it('pauses when the account is paused, and says what it waits for', async () => {
    const stage = await stageOf({ source: givenSource(5) });
    const { account } = await stage.record();
    await stage.backend.accounts.change(account, (state, now) =>
      pauseAccount(state, { reason: 'refused', message: 'OOTO_APP_KEY is wrong' }, now),
    );
    expect(await stage.conduct()).toEqual({
      kind: 'paused',
      waitsFor: expect.stringContaining('OOTO_APP_KEY'),
    });
    expect(stage.worked).toEqual([]);
  });

  it('goes on, where somebody resumed it while its conductor drained for a pause', async () => {
    const stage = await stageOf({ source: givenSource(5) });
    const { account } = await stage.record();
    await stage.backend.accounts.change(account, (state, now) =>
      pauseAccount(state, { reason: 'refused', message: 'OOTO_APP_KEY is wrong' }, now),
    );
    const stop = async () => {
      await delay(5);
      await writeControl(stage.state, stage.runId, 'run');
    };
    expect(await stage.conduct({ work: { start: () => {}, stop } })).toMatchObject({ kind: 'paused' });
    expect(await stage.record()).toMatchObject({ state: 'active' });
  });

  it('goes on, where somebody resumed it while its conductor wrote the pause', async () => {
    const stage = await stageOf({ source: givenSource(5) });
    await writeControl(stage.state, stage.runId, 'pause');
    const state: StateStore = {
      ...stage.state,
      async write(path, content) {
        if (/"state":\s*"paused"/.test(String(content))) await writeControl(stage.state, stage.runId, 'run');
        await stage.state.write(path, content);
      },
    };
    expect(await stage.conduct({ state })).toMatchObject({ kind: 'paused' });
    expect(await stage.record()).toMatchObject({ state: 'active' });
  });

  it('leaves a run paused that another process paused while this one wanted to conduct it', async () => {
    const stage = await stageOf({ source: givenSource(5) });
    await writeControl(stage.state, stage.runId, 'pause');
    await stage.conduct();
    await writeControl(stage.state, stage.runId, 'run');
    const paused = await stage.record();
    expect(await stage.conduct({ mayResume: false })).toEqual({ kind: 'paused', waitsFor: paused.waitsFor });
    expect(await stage.record()).toEqual(paused);
    expect(stage.worked).toEqual([]);
    expect(await stage.conduct()).toMatchObject({ kind: 'over' });
  });

  it('pauses at too many failures, without losing an outcome', async () => {
    const stage = await stageOf({
      source: givenSource(400),
      settings: { stopAfterFailures: '20' },
      work: (job) => ({
        outcome: {
          status: 'rejected',
          stored: 'no',
          finishedAt: new Date().toISOString(),
          error: { kind: 'rejected', code: '5', message: `${job.id}` },
        },
      }),
    });
    const end = await stage.conduct({ window: 30 });
    expect(end).toMatchObject({ kind: 'paused', waitsFor: expect.stringContaining('--stop-after-failures') });
    const lines = await stage.report();
    expect(lines.length).toBeGreaterThanOrEqual(20);
    expect(lines.length).toBeLessThan(200);
    expect(lines).toHaveLength(stage.worked.length);
  });

  it('cancels: photos in flight get their outcome, the others a line that says so', async () => {
    const door = deferred();
    const stage = await stageOf({
      source: givenSource(2_000),
      onStop: door.open,
      work: (job, signal) => (job.data.seq > 10 ? door.work(job, signal) : enrolled(job, signal)),
    });
    const conducting = stage.conduct();
    await until(() => stage.worked.length === 18);
    await writeControl(stage.state, stage.runId, 'cancel');
    expect(await conducting).toMatchObject({ kind: 'over', summary: { state: 'cancelled', total: 2_000 } });
    const lines = await expectOneLineEach(stage, 2_000);
    expect(countOf(lines, 'enrolled')).toBe(stage.worked.length);
    expect(countOf(lines, 'cancelled')).toBe(2_000 - stage.worked.length);
    expect((await stage.record()).state).toBe('cancelled');
    expect(await server.remains(stage.runId)).toEqual([]);
  });

  it('cancels a photo that was tried with what is known of its calls', async () => {
    const tries = { attempts: 2, calls: 3, reads: 0, storedUnknown: true };
    const stage = await stageOf({
      source: givenSource(20),
      work: (job, signal) =>
        job.data.seq === 7
          ? { again: { delayInMs: 3_600_000, data: { ...job.data, tries } } }
          : enrolled(job, signal),
    });
    const conducting = stage.conduct();
    await until(async () => (await stage.report()).length === 19);
    await writeControl(stage.state, stage.runId, 'cancel');
    expect(await conducting).toMatchObject({ summary: { calls: 19 + 3, byStatus: { cancelled: 1 } } });
    const cancelled = (await stage.report()).find(({ status }) => status === 'cancelled');
    expect(cancelled).toMatchObject({ seq: 7, stored: 'unknown', attempts: 2, calls: 3 });
  });

  it('cancels in the middle of listing: what was found so far has its line', async () => {
    const stage = await stageOf({
      source: givenSource(1_000_000, {
        before: async (index, signal) => {
          if (index === 31) await once(signal, 'abort').then(() => signal.throwIfAborted());
        },
      }),
    });
    const conducting = stage.conduct();
    await until(async () => (await stage.report()).length === 30);
    await writeControl(stage.state, stage.runId, 'cancel');
    expect(await conducting).toMatchObject({ kind: 'over', summary: { state: 'cancelled', total: 30 } });
    expect(await stage.record()).toMatchObject({ listed: { count: 30 } });
  });

  it('interrupted drains, and goes on where it stopped: nothing twice', async () => {
    const stage = await stageOf({ source: givenSource(300) });
    const interrupt = new AbortController();
    const conducting = stage.conduct({ signal: interrupt.signal });
    await until(() => stage.worked.length > 60);
    interrupt.abort();
    const first = await conducting;
    if (first.kind !== 'over') {
      expect(first).toEqual({ kind: 'interrupted' });
      expect((await stage.record()).state).toBe('active');
      expect((await stage.report()).length).toBe(stage.worked.length);
      expect(await stage.conduct()).toMatchObject({ kind: 'over' });
    }
    await expectOneLineEach(stage, 300);
    expect([...stage.worked].sort((a, b) => a - b)).toEqual(range(300));
  });

  it('interrupted before it began does nothing', async () => {
    const stage = await stageOf({ source: givenSource(3) });
    expect(await stage.conduct({ signal: AbortSignal.abort() })).toEqual({ kind: 'interrupted' });
    expect(stage.worked).toEqual([]);
    expect(await stage.conduct()).toMatchObject({ kind: 'over' });
  });

  it('leaves a run alone that another conducts', async () => {
    const door = deferred();
    const stage = await stageOf({ source: givenSource(3), work: door.work });
    const conducting = stage.conduct();
    await until(() => stage.worked.length === 3);
    expect(await stage.conduct({ processName: 'elsewhere:1:1' })).toEqual({ kind: 'held' });
    door.open();
    expect(await conducting).toMatchObject({ kind: 'over' });
  });

  it('raises the epoch with every take-over, above whatever the files show', async () => {
    const stage = await stageOf({ source: givenSource(3) });
    await stage.state.write(`runs/${stage.runId}/parts/7-1.jsonl`, '');
    await server.wipeLeases();
    let parts: string[] = [];
    const remove = async (path: string) => {
      parts = (await stage.state.list(path)).map(({ name }) => name);
      await stage.state.remove(path);
    };
    await stage.conduct({ state: { ...stage.state, remove } });
    expect((await stage.record()).epoch).toBe(8);
    expect(parts).toContain('8-1.jsonl');
  });

  it.each(['run', 'cancel'] as const)(
    'a run whose summary is there is over, whatever its run.json says (%s)',
    async (wanted) => {
      const stage = await stageOf({ source: givenSource(3) });
      const first = await stage.record();
      await writeControl(stage.state, stage.runId, wanted);
      await stage.conduct();
      const { state, listed, counts } = await stage.record();
      const worked = stage.worked.length;
      await writeControl(stage.state, stage.runId, 'run');
      await writeRunRecord(stage.state, first);
      expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { state } });
      expect(await stage.record()).toMatchObject({ state, counts, ...(listed && { listed }) });
      expect(stage.worked.length).toBe(worked);
      expect(await stage.state.list(`runs/${stage.runId}/parts`)).toEqual([]);
    },
  );

  it('a source that cannot be listed is what the user must fix, and then the run goes on', async () => {
    const stage = await stageOf({ source: givenSource(40) });
    const gone = new UsageError('source', '/given is not there');
    await expect(stage.conduct({ openSource: () => Promise.reject(gone) })).rejects.toBe(gone);
    expect((await stage.record()).state).toBe('active');
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { total: 40 } });
  });

  it('a source that breaks in the middle is a fault; it is listed on behind the last photo', async () => {
    const subjectOf = (index: number) => `subject-${index % 100}`;
    const broken = givenSource(2_000, {
      subjectOf,
      before: async (index) => {
        if (index === 1_500) throw new FaultError('source', 'the disk is gone');
      },
    });
    const fixed = givenSource(2_000, { subjectOf });
    const stage = await stageOf({ source: fixed });
    await expect(stage.conduct({ openSource: async () => broken })).rejects.toThrow('the disk is gone');
    expect(await stage.conduct()).toMatchObject({ kind: 'over' });
    expect(fixed.listings).toEqual(['1499']);
    await expectOneLineEach(stage, 2_000);
    expect([...stage.worked].sort((a, b) => a - b)).toEqual(range(100));
  });

  it.each(['report', 'manifest'])(
    'a disk that is full while the %s is written: a fault, and the run goes on later',
    async (what) => {
      const subjectOf = (index: number) => `subject-${index % 150}`;
      const stage = await stageOf({ source: givenSource(1_200, { subjectOf }) });
      const full = new FaultError('state', 'The disk is full: make room.');
      let appends = 0;
      const filling: StateStore = {
        ...stage.state,
        async openAppender(path) {
          const appender = await stage.state.openAppender(path);
          const isMeant = path.includes('/parts/') === (what === 'report');
          return {
            get sizeInBytes() {
              return appender.sizeInBytes;
            },
            close: () => appender.close(),
            append: async (text) => {
              appends += isMeant ? 1 : 0;
              // The first append goes well; of the second a part of a line is written.
              if (!isMeant || appends === 1) return appender.append(text);
              await appendFile(stage.state.locate(path), text.slice(0, 50));
              throw full;
            },
          };
        },
      };
      await expect(stage.conduct({ state: filling })).rejects.toBe(full);
      expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { total: 1_200 } });
      await expectOneLineEach(stage, 1_200);
      expect([...stage.worked].sort((a, b) => a - b)).toEqual(range(150));
    },
  );

  it('an internal error is a line of the report, never a missing one', async () => {
    const stage = await stageOf({
      source: givenSource(30),
      work: (job, signal) => {
        if (job.data.seq % 3 === 0) throw new Error(`cannot read ${job.data.seq} of undefined`);
        if (job.data.seq % 3 === 1) return { outcome: { status: 'splendid' } };
        return enrolled(job, signal);
      },
    });
    await stage.conduct();
    const lines = await expectOneLineEach(stage, 30);
    expect(countOf(lines, 'failed')).toBe(20);
    for (const { error, stored } of lines.filter(({ status }) => status === 'failed'))
      expect([error?.kind, stored]).toEqual(['crashed', 'unknown']);
    expect(lines[2]?.error?.message).toContain('cannot read 3 of undefined');
  });

  it('a manifest that was changed is a fault that names the run', async () => {
    const stage = await stageOf({ source: givenSource(20) });
    const interrupt = new AbortController();
    const first = stage.conduct({
      signal: interrupt.signal,
      work: { start: () => {}, stop: async () => {} },
    });
    await until(async () => (await stage.record()).listed !== undefined);
    interrupt.abort();
    await first;
    const path = manifestPath(stage.runId);
    const text = (await stage.state.read(path))?.toString() ?? '';
    const lines = text.trimEnd().split('\n');
    for (const [changed, expected] of [
      [[...lines.slice(0, 5), ...lines.slice(6)], /line 6 has the number 7/],
      [lines.slice(0, 19), /19 lines, not 20 as listed/],
    ] as const) {
      await stage.state.write(path, `${changed.join('\n')}\n`);
      const error = await stage.conduct().catch((thrown) => thrown);
      expect(error).toBeInstanceOf(FaultError);
      expect(error.message).toMatch(expected);
      expect(error.message).toContain(stage.runId);
    }
    await stage.state.write(path, text);
    expect(await stage.conduct()).toMatchObject({ kind: 'over', summary: { total: 20 } });
  });

  it('judges an answer by those that earlier conductors collected, and amends their lines', async () => {
    let holdAt = 3;
    let returned: string | undefined = 'own';
    const stage = await stageOf({
      source: givenSource(6, {
        before: async (index, signal) => {
          if (index === holdAt) await once(signal, 'abort').then(() => signal.throwIfAborted());
        },
      }),
      work: async (job, signal) => {
        const result = await enrolled(job, signal);
        const sent = `t-${job.data.seq}`;
        if (!('outcome' in result) || returned === undefined) return result;
        return { outcome: { ...result.outcome, templateId: returned, templateIds: { sent, returned } } };
      },
    });
    const interrupt = new AbortController();
    const first = await stage.conduct({
      signal: interrupt.signal,
      onProgress: ({ done }) => void (done === 2 && interrupt.abort()),
    });
    expect(first).toEqual({ kind: 'interrupted' });
    holdAt = 4;
    const alarm = expect.stringMatching(/^the engine answered with one template, own, for 3 subjects/);
    expect(await stage.conduct()).toMatchObject({ kind: 'paused', waitsFor: alarm });
    [holdAt, returned] = [0, undefined];
    expect(await stage.conduct()).toMatchObject({
      kind: 'over',
      summary: { byStatus: { enrolled: 3, failed: 3 }, byCode: { implausible: 3 } },
    });
    for (const { seq, status, stored, templateId } of await stage.report())
      expect([seq, status, stored, templateId]).toEqual([
        seq,
        seq <= 3 ? 'failed' : 'enrolled',
        seq <= 3 ? 'unknown' : 'yes',
        `t-${seq}`,
      ]);
  });
});
