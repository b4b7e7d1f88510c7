import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueBackend } from '../../src/queue/queue.ts';
import { writeFirstRunRecord } from '../../src/records/run-record.ts';
import { queueRoutesOf } from '../../src/serve/routes/queues.ts';
import { canary, findCanaries } from '../helpers/canaries.ts';
import { type QueueServer, startEmbeddedQueue, startRedisQueue } from '../helpers/queue-servers.ts';
import { makeJob } from '../queue/photo-jobs.ts';
import { aRun } from '../runs/metrics/a-run.ts';
import { openApp, ownHost, withToken } from './open-app.ts';

const runId = 'run-of-the-board';
const name = 'Ivanova';
const queueName = `rollcall-run-${runId}`;

describe.each([
  ['Redis', startRedisQueue],
  ['the embedded queue', startEmbeddedQueue],
] as const)('the queues of %s', (_, start) => {
  let server: QueueServer;
  let queue: QueueBackend;

  beforeAll(async () => {
    server = await start();
    queue = await server.open();
    const jobs = [1, 2].map((seq) =>
      makeJob(seq, { run: runId, subjectId: name, photo: `/${name}.jpg`, metadata: { name } }),
    );
    await queue.openRunQueue(runId).add(jobs);
    const error = { kind: 'rejected', code: '5', message: name };
    const line = { run: runId, seq: 7, subjectId: name, status: 'rejected', error };
    await queue.deadLetters.add([{ id: 'letter', line }]);
  });
  afterAll(async () => {
    await queue.close();
    await server.close();
  });

  async function open() {
    const { app, rollcall } = await openApp({ queue });
    await writeFirstRunRecord(rollcall.state, aRun({ id: runId }));
    return (url: string, method: 'GET' | 'PUT' = 'GET') =>
      app.inject({ method, url: `/queues${url}`, headers: { host: ownHost, ...withToken } });
  }

  it('are those of open runs and the dead letters, with what the jobs are about by number only', async () => {
    const ask = await open();
    const listed = await ask(`/api/queues?activeQueue=${queueName}&status=latest&page=1&jobsPerPage=10`);
    expect(listed.statusCode, listed.body).toBe(200);
    const { queues } = listed.json();
    expect(queues.map((one: { name: string }) => one.name)).toEqual([queueName, 'rollcall-dead-letters']);
    expect(queues[0].readOnlyMode).toBe(true);
    const shown = queues[0].jobs.map(({ data }: { data: unknown }) => data);
    expect(shown).toContainEqual({ run: runId, seq: 1, tries: { attempts: 0, calls: 0 } });
    const job = await ask(`/api/queues/rollcall-dead-letters/letter`);
    expect(job.json().job.data).toEqual({ run: runId, seq: 7, status: 'rejected' });
    const texts = { listed: listed.body, job: job.body };
    expect(findCanaries([canary('name', name)], texts)).toEqual([]);
  });

  it('are not changed from here', async () => {
    const ask = await open();
    for (const url of [
      '/api/queues/pause',
      `/api/queues/${queueName}/empty`,
      `/api/queues/${queueName}/1/retry`,
    ])
      expect([404, 405]).toContain((await ask(url, 'PUT')).statusCode);
    expect((await queue.openRunQueue(runId).counts()).waiting).toBe(2);
  });
});

describe('their page', () => {
  const headers = { host: ownHost, ...withToken };

  it('may load its own files and ask for queues, and nothing else', async () => {
    const { app } = await openApp();
    const page = await app.inject({ url: '/queues', headers });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toMatch(
      `default-src 'none'; script-src ${ownHost}/queues/static/; `,
    );
    const [, script] = /src="(static\/js\/main[^"]+)"/.exec(page.body) ?? [];
    expect((await app.inject({ url: `/queues/${script}`, headers })).statusCode).toBe(200);
  });

  it('says what to install where it is not', async () => {
    const { rollcall } = await openApp();
    const app = fastify();
    const context = { rollcall, readOnly: false, signal: new AbortController().signal };
    await app.register(queueRoutesOf(async () => undefined)({ ...context, openQueue: () => undefined }));
    for (const url of ['/queues', '/queues/queue/x']) {
      const page = await app.inject(url);
      expect([page.statusCode, page.body]).toEqual([
        503,
        expect.stringMatching('npm install @bull-board/api'),
      ]);
    }
  });

  it('says so while the queue is not open', async () => {
    const { app } = await openApp();
    const reply = await app.inject({ url: '/queues/api/queues', headers });
    expect(reply.statusCode).toBe(503);
    expect(reply.json()).toMatchObject({ code: 'no-queue' });
  });
});
