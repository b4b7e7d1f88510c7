import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePhoto } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const key = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64');
const secret = `whsec_${key}`;
const photos = 60;

describe('the webhook of an inbox', () => {
  let scene: Scene;
  const told = new Map<number, { ids: Set<string>; times: number; status: string }>();
  let isAway = false;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    if (isAway) {
      isAway = false;
      return void response.writeHead(503).end();
    }
    const { data } = new Webhook(secret).verify(Buffer.concat(chunks).toString(), headers) as {
      data: { seq: number; line: { status: string } };
    };
    const known = told.get(data.seq) ?? { ids: new Set(), times: 0, status: data.line.status };
    known.ids.add(headers['webhook-id'] ?? '');
    told.set(data.seq, { ...known, times: known.times + 1 });
    response.writeHead(204).end();
  });
  beforeAll(async () => {
    scene = await openScene({ environment: { ROLLCALL_RATE: '20' } });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await mkdir(join(scene.folder, 'photos'));
    await writeFile(join(scene.folder, 'photos', '1.jpg'), await makePhoto());
    await writeFile(join(scene.folder, 'photos', 'bad.jpg'), 'no photo');
    await writeFile(join(scene.folder, 'secret'), `${secret}\n`);
  });
  afterAll(async () => {
    await scene.close();
    server.closeAllConnections();
    server.close();
  });

  it('is told of every outcome through kills of the workers, and while it was away of none too few', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/s3cret-path`;
    const opened = await scene.run(['inbox', 'open', 'door', '--webhook', url]);
    expect(opened).toMatchObject({ exitCode: 0 });
    const runId = opened.stdout.trim();
    const rows = Array.from({ length: photos }, (_, index) => ({
      subjectId: `emp-${index + 1}`,
      photo: join(scene.folder, 'photos', index % 10 === 9 ? 'bad.jpg' : '1.jpg'),
    }));
    const adding = scene.start(['inbox', 'add', 'door', '-'], {
      input: rows.map((row) => JSON.stringify(row)).join('\n'),
    });
    expect((await adding.ended).exitCode).toBe(0);

    const environment = { ROLLCALL_WEBHOOK_SECRET_FILE: join(scene.folder, 'secret') };
    for (const enough of [10, 25, 40]) {
      const worker = scene.start(['worker'], { environment });
      await until(() => told.size >= enough);
      worker.signal('SIGKILL');
      await worker.ended;
      isAway = enough === 25;
    }
    const worker = scene.start(['worker'], { environment });
    await until(() => told.size === photos);
    expect(await scene.run(['inbox', 'close', 'door'])).toMatchObject({ exitCode: 0 });
    await until(async () => (await scene.record(runId)).state === 'finished');
    const listed = async () => JSON.parse((await scene.run(['inbox', 'list', '--json'])).stdout);
    await until(async () => (await listed()).webhook.waiting === 0);
    expect((await listed()).webhook).toEqual({
      ...{ address: `${new URL(url).origin}/…`, waiting: 0, givenUp: 0, stopped: false },
    });
    worker.signal('SIGTERM');
    const { exitCode, stderr } = await worker.ended;
    expect(exitCode).toBe(0);

    const report = await scene.report(runId);
    expect(report.map(({ seq, status }) => [seq, status])).toEqual(
      [...told].sort(([a], [b]) => a - b).map(([seq, { status }]) => [seq, status]),
    );
    expect([...told.values()].every(({ ids }) => ids.size === 1)).toBe(true);
    const again = [...told.values()].reduce((sum, { times }) => sum + times - 1, 0);
    expect(again).toBeLessThanOrEqual(3 * 32);
    const shown = [stderr, await readFile(scene.pathOf(runId, 'run.json'), 'utf8')].join();
    for (const word of [key, 's3cret-path']) expect(shown).not.toContain(word);
  });

  it('is told of every outcome, so that none may be left out of the report', async () => {
    const flags = ['--webhook', 'https://service.example/', '--incremental', '--report', 'changed'];
    const refused = await scene.run(['inbox', 'open', 'gate', ...flags]);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--report changed') });
  });
});
