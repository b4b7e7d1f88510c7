import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSchedule } from '../../src/records/schedule.ts';
import { openRollcall, type Rollcall } from '../../src/runs/open-rollcall.ts';
import { workOnAll } from '../../src/runs/work-on-all.ts';
import { addSchedule } from '../../src/schedule/add-schedule.ts';
import { createPatience, fireSchedule } from '../../src/schedule/fire-schedule.ts';
import { listSchedules } from '../../src/schedule/list-schedules.ts';
import { notifyFailures } from '../../src/schedule/notify-failures.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { startWebhookServer, type WebhookServer } from '../helpers/webhook-server.ts';

const signal = new AbortController().signal;
const credentials = { OOTO_APP_ID: 'app', OOTO_APP_KEY: 'secret-key' };

let redis: TestRedis;
let home: Awaited<ReturnType<typeof makeTemporaryFolder>>;
let webhook: WebhookServer;
const opened: Rollcall[] = [];
let logged = '';

beforeAll(async () => {
  [redis, home, webhook] = await Promise.all([startTestRedis(), makeTemporaryFolder(), startWebhookServer()]);
  await writePhotos(join(home.path, 'archive'), { count: 1 });
});
afterAll(async () => {
  for (const one of opened) await one.close();
  await webhook.close();
  await redis.close();
  await home.remove();
});

async function open(environment: Record<string, string>): Promise<Rollcall> {
  const write = (line: string) => {
    logged += line;
  };
  const rollcall = await openRollcall({
    environment,
    folder: home.path,
    settings: { engine: 'ooto', engineUrl: 'http://127.0.0.1:9', queue: redis.url },
    log: pino({ level: 'warn' }, { write }),
  });
  opened.push(rollcall);
  return rollcall;
}

/** Due every minute, added an hour ago. */
async function add(name: string): Promise<Rollcall> {
  const owner = await open(credentials);
  const onFailure = webhook.url;
  const { schedule } = await addSchedule(owner, {
    ...{ name, cron: '* * * * *', tz: 'UTC', source: 'archive', onFailure },
  });
  const early = { ...schedule, createdAt: new Date(Date.now() - 3_600_000).toISOString() };
  await writeSchedule(owner.state, early);
  return owner;
}

/** With a clock of the test's own. */
function patienceOf() {
  let now = 0;
  const patience = createPatience({ now: () => now });
  return { patience, wait: (seconds: number) => (now += seconds * 1_000) };
}

describe('a schedule on a worker that cannot call the engine', () => {
  it.each([
    ['no credentials', {}, /can call ooto: .*set OOTO_APP_ID/],
    ['no key', { OOTO_APP_ID: 'app' }, /set OOTO_APP_KEY, or OOTO_APP_KEY_FILE/],
    ['an empty key', { OOTO_APP_ID: 'app', OOTO_APP_KEY: ' ' }, /set OOTO_APP_KEY/],
    ['a key file that is not there', { OOTO_APP_ID: 'app', OOTO_APP_KEY_FILE: '/nowhere' }, /is not there/],
    ['a key with a line break', { OOTO_APP_ID: 'app', OOTO_APP_KEY: 'a\nb' }, /no header can carry/],
    ['another account', { ...credentials, OOTO_APP_ID: 'other' }, /are of another account/],
  ])('with %s is left to others, then not started, and told', async (what, environment, why) => {
    const name = what.replaceAll(' ', '-');
    await add(name);
    const worker = await open(environment);
    const { patience, wait } = patienceOf();
    const fire = () => fireSchedule(worker, { name, tick: Date.now(), patience, signal });
    expect(await fire()).toBeUndefined();
    wait(29);
    expect(await fire()).toBeUndefined();
    wait(2);
    const event = await fire();
    expect(event).toMatchObject({ result: 'failed', exitCode: 2, why: expect.stringMatching(why) });
    expect(await fire()).toBeUndefined();
    const listed = (await listSchedules(worker)).find((one) => one.name === name);
    expect(listed).toMatchObject({ events: [event] });
    expect(listed?.lastRun).toBeUndefined();
    await notifyFailures(worker, { name, signal });
    expect(webhook.posted.map(({ body }) => body).filter((body) => body.schedule === name)).toMatchObject([
      { state: 'not-started', exitCode: 2, reason: expect.stringMatching(why) },
    ]);
  });

  it('is started by another that has them, while it is left to others', async () => {
    const owner = await add('shared');
    const worker = await open({});
    const { patience, wait } = patienceOf();
    const fire = (by: Rollcall) => fireSchedule(by, { name: 'shared', tick: Date.now(), patience, signal });
    expect(await fire(worker)).toBeUndefined();
    expect(await fire(owner)).toMatchObject({ result: 'started' });
    wait(60);
    expect((await fire(worker))?.result).not.toBe('failed');
  });

  it('does not end the worker, which takes the run once the key is there', async () => {
    const keyFile = join(home.path, 'key');
    const worker = await open({ OOTO_APP_ID: 'app', OOTO_APP_KEY_FILE: keyFile });
    const ending = new AbortController();
    const joined: string[] = [];
    let looks = 0;
    logged = '';
    await workOnAll(worker, {
      signal: ending.signal,
      onRun: (event) => {
        if (event.kind === 'joined') joined.push(event.runId);
        ending.abort();
      },
      onLook: () => {
        looks += 1;
        if (looks === 2) void writeFile(keyFile, credentials.OOTO_APP_KEY);
        if (looks === 20) ending.abort();
      },
    });
    expect(joined).toEqual([expect.stringMatching(/^shared-/)]);
    expect(
      logged.match(/this worker cannot work on the run: OOTO_APP_KEY_FILE: .* is not there: check the path/g),
    ).toHaveLength(1);
  });
});
