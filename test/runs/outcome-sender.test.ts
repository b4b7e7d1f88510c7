import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { forgetListFolder, writeForgetEntries } from '../../src/ledger/forget-files.ts';
import { type Delivery, deliverySchema, readDeliveries } from '../../src/records/inbox/delivery.ts';
import { type OutcomeEvent, outcomeEventSchema } from '../../src/records/inbox/outcome-event.ts';
import { mergeParts } from '../../src/records/report/merge-parts.ts';
import { partsFolder } from '../../src/records/report/report-part.ts';
import { type RunRecord, runFolderOf, writeFirstRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { findOldRuns, removeRuns } from '../../src/runs/prune.ts';
import { createOutcomeSender, type OutcomeSender } from '../../src/runs/webhook/sender.ts';
import { openWebhook, type WebhookClient } from '../../src/runs/webhook/webhook.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { lineOf, textOf } from '../records/report-lines.ts';
import { settingsOf } from './run-settings.ts';

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const hourInMs = 3_600_000;

let state: StateStore;
eachTestHasState((given) => {
  state = given;
});

/** A receiver that verifies what it gets with a library of others. */
let server: Server;
let client: WebhookClient;
let got: OutcomeEvent[] = [];
let ids: string[] = [];
let answer: (response: ServerResponse, event: OutcomeEvent) => void;
const seqs = () => got.map(({ data }) => data.seq).sort((a, b) => a - b);
const take = (response: ServerResponse) => response.writeHead(204).end();
const refuse = (status: number) => (response: ServerResponse) => response.writeHead(status).end();

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const verified = new Webhook(secret).verify(text, headersOf(request.headers));
    const event = outcomeEventSchema.parse(verified);
    got.push(event);
    ids.push(String(request.headers['webhook-id']));
    answer(response, event);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/s3cret`;
  client = openWebhook({ url, environment: { ROLLCALL_WEBHOOK_SECRET: secret }, concurrency: 8 });
});
afterAll(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});
const headersOf = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

let record: RunRecord;
let time = 0;
beforeEach(async () => {
  [got, ids, answer, time] = [[], [], take, Date.parse('2026-11-28T00:00:00Z')];
  const source = { address: 'inbox:door', sameSubject: 'repeat' as const };
  const subject = { source, engine: 'ooto', engineUrl: 'https://engine.example', account: 'a1' };
  record = newRecord({ id: 'door-1', settings: await settingsOf({}), subject });
  await writeFirstRunRecord(state, record);
});

/** As a conductor writes them, epoch by epoch. */
async function write(first: number, last: number, epoch = 1): Promise<void> {
  const appender = await state.openAppender(`${partsFolder(runFolderOf(record.id))}/${epoch}-1.jsonl`);
  const lines = Array.from({ length: last - first + 1 }, (_, index) => lineOfPhoto(first + index));
  await appender.append(textOf(lines));
  await appender.close();
}
const lineOfPhoto = (seq: number) => ({
  ...lineOf(seq, '1'),
  ...{ run: record.id, subjectId: `s-${seq}` },
});

/** As a run ends. */
async function end(count: number): Promise<void> {
  await mergeParts({ state, runFolder: runFolderOf(record.id), count, onLine: () => {} });
  await state.write(`${runFolderOf(record.id)}/summary.json`, '{}');
  await state.remove(partsFolder(runFolderOf(record.id)));
}

let epoch = 0;
const senders: OutcomeSender[] = [];
afterEach(async () => {
  for (const sender of senders.splice(0)) await sender.close();
});

async function open(given: { mayTry?: () => boolean; known?: OutcomeSender['progress']['runs'] } = {}) {
  epoch += 1;
  const sender = createOutcomeSender({
    ...{ state, inbox: 'door', client, known: {}, mayTry: () => true, ...given },
    writer: { writer: 'host:1:2', epoch },
    ...{ signal: new AbortController().signal, now: () => time, random: () => 1 },
  });
  senders.push(sender);
  await sender.follow([record]);
  return sender;
}
async function turns(sender: OutcomeSender, most = 100): Promise<string> {
  let last = 'more';
  for (let count = 0; last === 'more' && count < most; count += 1) last = await sender.turn();
  return last;
}
async function deliveries(): Promise<Delivery[]> {
  const found: Delivery[] = [];
  for await (const one of readDeliveries(state, record.id)) found.push(deliverySchema.strict().parse(one));
  return found;
}
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('outcomes of an inbox', () => {
  it('are told once each, signed, as they come and after the run has ended', async () => {
    await write(1, 70);
    const sender = await open();
    expect(await turns(sender)).toBe('waiting');
    expect(seqs()).toEqual(range(1, 70));
    await write(71, 80, 2);
    await turns(sender);
    await write(81, 90, 3);
    await end(90);
    await turns(sender);
    expect(seqs()).toEqual(range(1, 90));
    expect(new Set(ids).size).toBe(90);
    expect(got[0]).toMatchObject({ type: 'photo.done', data: { inbox: 'door', run: 'door-1' } });
    expect(got.find(({ data }) => data.seq === 5)?.data.line).toEqual(lineOfPhoto(5));
    expect(sender.progress.runs['door-1']).toEqual({ settled: 90, givenUp: 0, withheld: 0, isDone: true });
    const [first] = await deliveries();
    expect(first).toMatchObject({ attempt: 1, result: 'delivered', httpStatus: 204 });
    expect(JSON.stringify(await deliveries())).not.toMatch(/s-\d|s3cret|whsec/);
  });

  it('are told again by the next sender where the one before died unheard, with the same ids, and no other', async () => {
    await write(1, 100);
    let answered = 0;
    const sender = await open({ mayTry: () => answered < 40 });
    answer = (response) => {
      answered += 1;
      take(response);
    };
    await turns(sender, 2);
    const told = new Set(seqs());
    const written = new Set((await deliveries()).map(({ seq }) => seq));
    expect(written).toEqual(told);
    // As if what came of the last of them had not been written.
    const path = `${runFolderOf(record.id)}/webhooks/host~1~2-${epoch}.jsonl`;
    const text = String(await state.read(path));
    await state.write(path, text.split('\n').slice(0, 30).join('\n').concat('\n{"torn'));
    const before = new Map(got.map(({ data }, index) => [data.seq, ids[index]]));
    [got, ids] = [[], []];
    await turns(await open());
    expect(got).toHaveLength(70);
    expect(new Set([...told, ...seqs()]).size).toBe(100);
    for (const [index, { data }] of got.entries())
      if (before.has(data.seq)) expect(ids[index]).toBe(before.get(data.seq));
  });

  it('wait while the receiver is away, one try at a time, ever more seldom; nothing is lost by the end of the run', async () => {
    await write(1, 50);
    answer = refuse(500);
    const sender = await open();
    await turns(sender);
    const first = got.length;
    expect(first).toBeLessThanOrEqual(13);
    for (let hour = 0; hour < 12; hour += 1) {
      time += hourInMs;
      await turns(sender);
    }
    expect(got.length - first).toBe(12);
    expect(sender.progress.failing).toMatchObject({ reason: expect.stringMatching(/answered 500$/) });
    await end(50);
    await sender.close();
    answer = take;
    got = [];
    const next = await open();
    time += hourInMs;
    await turns(next);
    expect(seqs()).toEqual(range(1, 50));
    expect(next.progress).toEqual({
      runs: { 'door-1': { settled: 50, givenUp: 0, withheld: 0, isDone: true } },
    });
  });

  it('are sent again within the hour, however far the clock is set back', async () => {
    await write(1, 50);
    answer = refuse(500);
    const sender = await open();
    await turns(sender);
    time -= 365 * 24 * hourInMs;
    answer = take;
    got = [];
    await turns(sender);
    expect(seqs()).toEqual(range(1, 50));
    expect(sender.progress.failing).toBeUndefined();
  });

  it('that alone are not taken are tried for three days, then given up and counted; the others go on', async () => {
    await write(1, 60);
    answer = (response, { data }) => response.writeHead(data.seq % 20 === 0 ? 400 : 200).end();
    const sender = await open();
    for (let hour = 0; hour < 72; hour += 1) {
      await turns(sender);
      time += hourInMs;
    }
    expect(new Set(seqs()).size).toBe(60);
    expect((await deliveries()).filter(({ result }) => result === 'given-up')).toEqual([]);
    await end(60);
    const tries = got.length;
    for (let hour = 0; hour < 3; hour += 1) {
      await turns(sender);
      time += hourInMs;
    }
    const last = (await deliveries()).filter(({ result }) => result === 'given-up');
    expect(last.map(({ seq }) => seq).sort()).toEqual([20, 40, 60]);
    expect(last[0]).toMatchObject({
      httpStatus: 400,
      reason: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 400$/),
    });
    expect(got.length).toBe(tries + 3);
    expect(sender.progress.runs['door-1']).toEqual({ settled: 60, givenUp: 3, withheld: 0, isDone: true });
  });

  it('are not sent any more to who answers 410', async () => {
    await write(1, 50);
    answer = refuse(410);
    const sender = await open();
    expect(await turns(sender)).toBe('stopped');
    expect(got.length).toBeLessThanOrEqual(8);
    expect(sender.progress.stopped?.reason).toMatch(/answered 410$/);
    expect(sender.progress.runs['door-1']?.settled).toBe(0);
  });

  it('do not follow a redirect, and a silent connection is no success', async () => {
    await write(1, 2);
    answer = (response, { data }) =>
      data.seq === 1 ? response.writeHead(302, { location: '/elsewhere' }).end() : response.destroy();
    const sender = await open();
    await turns(sender);
    expect(seqs()).toEqual([1, 2]);
    expect(
      (await deliveries()).map(({ result, reason }) => `${result}: ${reason}`.replace(/:\d+/, '')),
    ).toEqual([
      'failed: 127.0.0.1 answered 302, a redirect',
      expect.stringMatching(/^failed: connection (closed|reset) by 127\.0\.0\.1/),
    ]);
  });

  it('of who was forgotten meanwhile are withheld; that somebody is on the list is told', async () => {
    await write(1, 3);
    const skipped = { ...lineOfPhoto(4), subjectId: 's-2', status: 'skipped', reason: 'forgotten' } as const;
    const appender = await state.openAppender(`${partsFolder(runFolderOf(record.id))}/1-1.jsonl`);
    await appender.append(textOf([skipped]));
    await appender.close();
    await writeForgetEntries(state, {
      ...{ folder: forgetListFolder('ooto'), engine: 'ooto', subjects: ['s-2'], kind: 'forget' },
      at: '2026-11-27T00:00:00.000Z',
    });
    const sender = await open();
    await turns(sender);
    expect(seqs()).toEqual([1, 3, 4]);
    expect(sender.progress.runs['door-1']).toMatchObject({ settled: 4, withheld: 1 });
    expect(JSON.stringify(await deliveries())).not.toContain('s-2');
  });

  it('are left to another who has the lease now', async () => {
    await write(1, 3);
    const sender = await open({ mayTry: () => false });
    expect(await turns(sender, 3)).toBe('waiting');
    expect(got).toEqual([]);
  });

  it('of a run that is done are not read again, and prune takes their log', async () => {
    await write(1, 3);
    await end(3);
    const sender = await open();
    await turns(sender);
    await sender.close();
    const { runs } = sender.progress;
    await writeFirstRunRecord(state, { ...record, state: 'finished' });
    await removeRuns(state, (await findOldRuns(state, '2099')).old);
    expect(await state.list('runs')).toEqual([]);
    const next = await open({ known: runs });
    await turns(next);
    expect(got).toHaveLength(3);
    await next.follow([]);
    expect(next.progress.runs).toEqual({});
  });
});
