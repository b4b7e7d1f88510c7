import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CallReply, Engine } from '../../src/engines/engine.ts';
import { createEngine } from '../../src/engines/registry.ts';
import { tinyJpeg } from '../conformance/engine-calls.ts';
import { type RawServer, startRawServer } from './raw-server.ts';
import { bodyFaults, endlessReplies, framingFaults, type WireFault, whole } from './wire-faults.ts';

const [id, key] = ['canary-id-4711', 'canary-key-0815'];
const environment = {
  ...{ OOTO_APP_ID: id, OOTO_APP_KEY: key },
  ...{ VERIHUBS_APP_ID: id, VERIHUBS_API_KEY: key },
};

let server: RawServer;
let elsewhere: RawServer;
let engine: Engine | undefined;
beforeAll(async () => {
  [server, elsewhere] = await Promise.all([startRawServer(), startRawServer()]);
});
afterEach(async () => {
  await engine?.close();
  server.reset();
  elsewhere.reset();
});
afterAll(() => Promise.all([server.close(), elsewhere.close()]));

function open(name: string): Engine {
  ({ engine } = createEngine({ name, url: server.url, environment, concurrency: 1, timeoutInMs: 60_000 }));
  return engine;
}

/** What can be asked of an engine: how, its success by the page or the documented assumption, and the kind of that. */
interface Endpoint {
  readonly call: (engine: Engine) => Promise<CallReply> | undefined;
  readonly good: object;
  readonly done: CallReply['kind'];
}

const call = () => ({ signal: new AbortController().signal, onSent: () => {} });
const templateId = 'emp-1';
const photo = () => ({
  ...{ photo: tinyJpeg, format: 'jpeg' as const, checks: { liveness: false, deepfake: false } },
  ...{ templateId, threshold: 80 },
  ...call(),
});

const ooto: Readonly<Record<string, Endpoint>> = {
  enroll: {
    call: (one) => one.enroll(photo()),
    good: { transactionId: 't', result: { templateId } },
    done: 'enrolled',
  },
  identify: {
    call: (one) => one.identify?.(photo()),
    good: { transactionId: 't', result: { templateId, similarity: 0.9 } },
    done: 'identified',
  },
  delete: {
    call: (one) => one.deleteTemplate?.({ templateId, ...call() }),
    good: { transactionId: 't' },
    done: 'deleted',
  },
};
const verihubs: Readonly<Record<string, Endpoint>> = {
  enroll: { ...(ooto.enroll as Endpoint), good: { message: 'Request Success', subject_id: templateId } },
  search: {
    ...(ooto.identify as Endpoint),
    good: { message: 'Request Success', matches: [{ subject_id: templateId, similarity: 90 }] },
  },
  verify: {
    call: (one) => one.verify?.(photo()),
    good: { message: 'Request Success', similarity: 90, similarity_status: true },
    done: 'verified',
  },
  delete: {
    ...(ooto.delete as Endpoint),
    good: { message: `Subject id ${templateId} successfully deleted` },
  },
};
const endpoints = Object.entries({ ooto, verihubs, local: ooto }).flatMap(([name, all]) =>
  Object.entries(all).map(([what, endpoint]) => [`${name} ${what}`, name, endpoint] as const),
);

/** One call that meets the fault: one request, whatever comes. */
async function meet(
  { answer, becomes }: WireFault,
  { endpoint, server, one }: { endpoint: Endpoint; server: RawServer; one: Engine },
) {
  const good = JSON.stringify(endpoint.good);
  server.onRequest = (socket, count) => (count === 1 ? answer(socket, good) : void socket.write(whole(good)));
  const reply = await endpoint.call(one);
  expect(reply).toMatchObject({ kind: becomes === 'done' ? endpoint.done : becomes });
  if (reply?.kind === 'unavailable') expect(reply.sent).toBe(true);
  if (reply?.kind === 'rejected') expect(reply.code).toBe('http-413');
  expect(server.requests).toHaveLength(1);
  expect(JSON.stringify(reply)).not.toMatch(/canary|Y2FuYXJ5/);
  return reply;
}

describe.each(endpoints)('%s', (what, name, endpoint) => {
  // What cannot be framed never comes to an adapter: that is asked of one endpoint an engine.
  const faults = what.endsWith('enroll') ? [...framingFaults, ...bodyFaults] : bodyFaults;
  test.each(faults.map((fault) => [fault.name, fault] as const))(
    '%s: one request, and the next call is as ever',
    async (_, fault) => {
      const one = open(name);
      await meet(fault, { endpoint, server, one });
      expect(await endpoint.call(one)).toMatchObject({ kind: endpoint.done });
      expect(server.requests).toHaveLength(2);
    },
  );

  test.each([301, 302, 303, 307, 308])(
    'a redirect to another host (%i) takes no key there',
    async (status) => {
      const location = `${elsewhere.url}/add?key=${key}`;
      const answer: WireFault['answer'] = (socket) =>
        void socket.write(
          whole(`to ${location}`, {
            status,
            headers: { location, 'set-cookie': `k=${key}`, 'retry-after': 1 },
          }),
        );
      const one = open(name);
      const reply = await meet({ name: '', answer, becomes: 'refused' }, { endpoint, server, one });
      expect(reply).toMatchObject({ certain: false, httpStatus: status });
      expect(elsewhere.connections).toHaveLength(0);
    },
  );
});

test.each(endpoints.filter(([what]) => what === 'ooto enroll' || what === 'verihubs search'))(
  '%s: a reply without end is ended by the time limit of the call, and its connection with it',
  async (_, name, endpoint) => {
    const timeoutInMs = 1_500;
    const meetOne = async (fault: WireFault) => {
      const own = await startRawServer();
      const { engine: one } = createEngine({ name, url: own.url, environment, concurrency: 1, timeoutInMs });
      const reply = await meet(fault, { endpoint, server: own, one });
      expect(reply, fault.name).toHaveProperty(
        'message',
        expect.stringMatching(/^no reply from .* in 1500 ms$/),
      );
      await expect.poll(() => own.connections[0]?.destroyed).toBe(true);
      await one.close();
      await own.close();
    };
    await Promise.all(endlessReplies.map(meetOne));
  },
);

describe('a kept connection', () => {
  const { good, call: enroll } = ooto.enroll as Endpoint;
  const text = JSON.stringify(good);
  const error = whole(JSON.stringify({ result: { status: 'error', code: 5, info: 'no face' } }), {
    status: 400,
  });

  test.each<[string, (count: number) => Buffer]>([
    [
      'that gives two replies at once',
      (count) => (count === 1 ? Buffer.concat([whole(text), error]) : whole(text)),
    ],
    [
      'that gives a reply and the beginning of another',
      (count) => (count === 1 ? Buffer.concat([whole(text), error.subarray(0, 20)]) : whole(text)),
    ],
    [
      'that gives a reply and 100 Continue',
      (count) =>
        count === 1 ? Buffer.concat([whole(text), Buffer.from('HTTP/1.1 100 C\r\n\r\n')]) : whole(text),
    ],
  ])('%s: the second is nobody’s', async (_, reply) => {
    server.onRequest = (socket, count) => void socket.write(reply(count));
    const one = open('ooto');
    for (let round = 1; round <= 3; round += 1) expect(await enroll(one)).toMatchObject({ kind: 'enrolled' });
    expect(server.requests).toHaveLength(3);
  });

  test.each<[string, (socket: import('node:net').Socket) => void]>([
    ['an end', (socket) => socket.end()],
    [
      'a 408 that nobody asked for',
      (socket) => socket.end('HTTP/1.1 408 T\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
    ],
  ])('that ends between two calls by %s: the next call has one of its own', async (_, finish) => {
    server.onRequest = (socket) => void socket.write(whole(text));
    const one = open('ooto');
    expect(await enroll(one)).toMatchObject({ kind: 'enrolled' });
    const [first] = server.connections;
    if (first) finish(first);
    await expect.poll(() => first?.destroyed).toBe(true);
    expect(await enroll(one)).toMatchObject({ kind: 'enrolled' });
    expect(server.requests).toHaveLength(2);
    expect(server.connections).toHaveLength(2);
  });
});
