import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { writeControl } from '../../src/records/run-control.ts';
import { type RunRecord, writeRunRecord } from '../../src/records/run-record.ts';
import { listScheduleNames } from '../../src/records/schedule.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { openRollcall, type Rollcall } from '../../src/runs/open-rollcall.ts';
import { openSourceOf, subjectOf } from '../../src/runs/run-source.ts';
import { addSchedule, deleteSchedule } from '../../src/schedule/add-schedule.ts';
import { notifyFailures } from '../../src/schedule/notify-failures.ts';
import {
  readHistory,
  type ScheduleEvent,
  withEvent,
  writeHistory,
} from '../../src/schedule/schedule-history.ts';
import { runSchedulerLoop } from '../../src/schedule/scheduler-loop.ts';
import { FaultError } from '../../src/util/errors.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { startWebhookServer, type WebhookServer, webhookSecret } from '../helpers/webhook-server.ts';

const never = new AbortController().signal;

describe('what --on-failure is told', () => {
  let redis: TestRedis;
  let home: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let webhook: WebhookServer;
  let rollcall: Rollcall;
  let name: string;
  let count = 0;
  let logged = '';

  beforeAll(async () => {
    [redis, home, webhook] = await Promise.all([
      startTestRedis(),
      makeTemporaryFolder(),
      startWebhookServer(),
    ]);
    await writePhotos(join(home.path, 'archive'), { count: 1 });
    const write = (line: string) => {
      logged += line;
    };
    rollcall = await openRollcall({
      environment: {},
      folder: home.path,
      settings: { engine: 'local', engineUrl: 'http://127.0.0.1:9', queue: redis.url },
      log: pino({ level: 'debug' }, { write }),
    });
  });
  beforeEach(async () => {
    count += 1;
    name = `s${count}`;
    webhook.answer(200);
    await addSchedule(rollcall, {
      name,
      cron: '0 2 * * *',
      tz: 'UTC',
      source: 'archive',
      onFailure: webhook.url,
    });
  });
  afterAll(async () => {
    await rollcall.close();
    await webhook.close();
    await redis.close();
    await home.remove();
  });

  const told = () => webhook.posted.map(({ body }) => body).filter((body) => body.schedule === name);
  const tell = (error?: Error) =>
    notifyFailures(rollcall, { name, signal: never, fault: error && { runId: `${name}-run`, error } });

  async function note(event: ScheduleEvent): Promise<void> {
    await writeHistory(rollcall.state, name, withEvent(await readHistory(rollcall.state, name), event));
  }

  async function createOrResumeRun(state: RunRecord['state'], waitsFor?: string): Promise<void> {
    const { settings } = rollcall;
    const subject = subjectOf(rollcall, await openSourceOf(rollcall, 'archive', settings));
    const record = { ...newRecord({ id: `${name}-run`, settings, subject }), schedule: name, state };
    await writeRunRecord(rollcall.state, { ...record, ...(waitsFor !== undefined && { waitsFor }) });
  }

  async function noteStart(): Promise<void> {
    const at = new Date().toISOString();
    await note({ result: 'started', tick: at, at, runId: `${name}-run` });
  }

  it('is a pause, once, and once more after the run was resumed and paused again', async () => {
    await noteStart();
    await createOrResumeRun('active');
    await tell();
    expect(told()).toEqual([]);
    await createOrResumeRun('paused', 'a new key');
    await tell();
    await tell();
    expect(told()).toMatchObject([
      { run: `${name}-run`, state: 'paused', exitCode: 3, waitsFor: 'a new key' },
    ]);
    await writeControl(rollcall.state, `${name}-run`, 'run');
    await tell();
    expect(told()).toHaveLength(1);
    await createOrResumeRun('paused', 'a new key');
    await tell();
    await tell();
    expect(told()).toHaveLength(2);
  });

  it('is a fault of a run, once until somebody resumed it', async () => {
    await noteStart();
    await createOrResumeRun('active');
    const fault = new FaultError('queue', 'The queue does not answer.');
    await tell(fault);
    await tell(fault);
    expect(told()).toMatchObject([
      { run: `${name}-run`, state: 'active', exitCode: 4, reason: 'The queue does not answer.', total: 0 },
    ]);
  });

  it('is a tick that started no run', async () => {
    const tick = new Date().toISOString();
    await note({ result: 'failed', tick, at: tick, exitCode: 2, why: 'The source is gone.' });
    await tell();
    expect(told()).toEqual([
      {
        schema: 'rollcall.alert/1',
        text: `rollcall, schedule ${name}: no run was started: The source is gone.`,
        state: 'not-started',
        schedule: name,
        source: join(home.path, 'archive'),
        engine: 'local',
        tick,
        exitCode: 2,
        reason: 'The source is gone.',
        alert: `${name} not started ${tick}`,
      },
    ]);
  });

  it('does not wait for another schedule’s receiver, which never answers', async () => {
    const silent = await startWebhookServer();
    onTestFinished(() => silent.close());
    silent.answer(() => new Promise(() => {}));
    const other = `a-${name}`;
    await addSchedule(rollcall, {
      name: other,
      cron: '0 2 * * *',
      tz: 'UTC',
      source: 'archive',
      onFailure: silent.url,
    });
    onTestFinished(() => deleteSchedule(rollcall, other));
    const ticks = [1, 2, 3].map((minute) => new Date(Date.now() + minute * 60_000).toISOString());
    for (const tick of ticks) {
      const event = { result: 'failed', tick, at: tick, exitCode: 2, why: 'The source is gone.' } as const;
      await note(event);
      await writeHistory(rollcall.state, other, withEvent(await readHistory(rollcall.state, other), event));
    }
    const stopped = new AbortController();
    const loop = runSchedulerLoop(rollcall, { signal: stopped.signal, onEvent: () => {} });
    onTestFinished(async () => {
      stopped.abort();
      await loop.ended;
    });
    await until(() => told().length === 3);
    // One after the other, each would be given up after 15 s.
    expect(silent.posted.length).toBeLessThan(3);
  });

  it('leaves nothing of a schedule that is removed meanwhile', async () => {
    const tick = new Date().toISOString();
    await note({ result: 'failed', tick, at: tick, exitCode: 4, why: 'no' });
    webhook.answer(async () => {
      await deleteSchedule(rollcall, name);
      return 200;
    });
    await tell();
    expect(told()).toHaveLength(1);
    expect(await listScheduleNames(rollcall.state)).not.toContain(name);
  });

  it.each([
    ['later', -60_000],
    ['after the clock was set back by a year', 365 * 86_400_000],
  ])(
    'is told again %s where it was not taken, and nothing of its address is logged or readable',
    async (_, triedInMs) => {
      const tick = new Date().toISOString();
      await note({ result: 'failed', tick, at: tick, exitCode: 4, why: 'no' });
      webhook.answer(500);
      await tell();
      // Not yet.
      await tell();
      expect(told()).toHaveLength(1);
      const path = join(home.path, 'rollcall-data', 'schedules', name, 'alerts.json');
      const kept = JSON.parse(await readFile(path, 'utf8'));
      expect(kept.alerts).toMatchObject([{ state: 'open', tries: 1 }]);
      kept.alerts[0].triedAt = new Date(Date.now() + triedInMs).toISOString();
      await writeFile(path, JSON.stringify(kept));
      webhook.answer(204);
      await tell();
      await tell();
      expect(told()).toHaveLength(2);
      expect(logged).toContain('answered 500');
      expect(logged).not.toContain(webhookSecret);
      const { mode } = await stat(join(home.path, 'rollcall-data', 'schedules', name, 'schedule.json'));
      expect(mode & 0o777).toBe(0o600);
    },
  );

  it('is nothing that ended before the schedule was replaced', async () => {
    const tick = new Date().toISOString();
    await note({ result: 'failed', tick, at: tick, exitCode: 4, why: 'no' });
    await noteStart();
    await createOrResumeRun('paused', 'a person');
    const { replaced } = await addSchedule(rollcall, {
      name,
      cron: '0 3 * * *',
      tz: 'UTC',
      source: 'archive',
      onFailure: webhook.url,
    });
    expect(replaced).toBe(true);
    await tell();
    expect(told()).toEqual([]);
  });
});
