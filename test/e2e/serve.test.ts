import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunView } from '../../src/serve/api/runs.ts';
import { writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 40;
let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.close());

/** A server as a process, and a client of its API. */
async function openServer(scene: Scene) {
  const archive = join(scene.folder, 'archive');
  const server = scene.start(['serve', '--port', '0', '--allow-root', archive, '--log-level', 'debug']);
  const address = () => /^http:\S+/.exec(server.stdout())?.[0];
  await until(() => address() !== undefined);
  const token = (await readFile(join(scene.stateFolder, 'serve-token'), 'utf8')).trim();
  const ask = async (method: string, path: string, body?: object) => {
    const reply = await fetch(`${address()}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: reply.status, body: (await reply.json()) as RunView & { code?: string } };
  };
  return { server, token, archive, ask, address: address() ?? '' };
}

/** What comes by server-sent events, by the name of each. */
function follow(address: string, token: string, run: string) {
  const leaving = new AbortController();
  const names = new Set<string>();
  const read = async () => {
    const headers = { authorization: `Bearer ${token}` };
    const reply = await fetch(`${address}/api/v1/events?run=${run}`, { headers, signal: leaving.signal });
    for await (const bytes of reply.body ?? [])
      for (const [, name = ''] of Buffer.from(bytes)
        .toString()
        .matchAll(/^event: (\w+)/gm))
        names.add(name);
  };
  const ended = read().catch(() => {});
  const leave = () => {
    leaving.abort();
    return ended;
  };
  return { names, leave };
}

describe('rollcall serve', () => {
  it('starts, pauses, changes and resumes a run that workers do, and shows it all the while', async () => {
    const scene = await openScene({ queue: redis.url });
    onTestFinished(() => scene.close());
    await writePhotos(join(scene.folder, 'archive'), { count: photos });
    const worker = scene.start(['worker'], { environment: { ROLLCALL_RATE: undefined } });
    const { server, token, archive, ask, address } = await openServer(scene);
    // At this rate the photos would take half an hour.
    const settings = { rate: 0.02, repeat: 'first' };
    const started = await until(async () => {
      const reply = await ask('POST', '/runs', { source: archive, settings, id: 'of-the-page' });
      return reply.status === 201 && reply;
    });
    expect(started.body).toMatchObject({ id: 'of-the-page', rateLimit: 0.02 });
    const events = follow(address, token, 'of-the-page');
    await until(() => scene.engine.calls.length >= 1);
    expect((await ask('POST', '/runs/of-the-page/pause')).status).toBe(202);
    await until(async () => (await ask('GET', '/runs/of-the-page')).body.state === 'paused');
    expect((await ask('PATCH', '/runs/of-the-page', { rate: 1_000 })).body.rateLimit).toBe(1_000);
    expect((await ask('POST', '/runs/of-the-page/resume')).status).toBe(202);
    await until(async () => (await ask('GET', '/runs/of-the-page')).body.state === 'finished');
    expect(scene.engine.calls).toHaveLength(photos);
    expect((await ask('POST', '/runs/of-the-page/cancel')).body.code).toBe('run-over');
    expect((await ask('POST', '/runs/of-the-page/retry', {})).body.code).toBe('nothing-to-retry');
    await until(() => ['hello', 'runs', 'run'].every((name) => events.names.has(name)));
    await events.leave();
    for (const command of [server, worker]) command.signal('SIGTERM');
    expect((await server.ended).exitCode).toBe(0);
    await worker.ended;
    expect(`${server.stdout()}${server.stderr()}`).not.toContain(token);
    expect(server.stderr()).toContain('/api/v1/runs/:id/pause');
  });

  it('listens on no other address without a token of its own', async () => {
    const scene = await openScene({ queue: redis.url });
    onTestFinished(() => scene.close());
    const end = await scene.run(['serve', '--host', '0.0.0.0']);
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain('--token-file');
  });
});
