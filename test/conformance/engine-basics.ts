import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeleteReply, Engine, EngineReply } from '../../src/engines/engine.ts';
import { enrollWith } from './engine-calls.ts';

/** A photo as an adapter gets it. */
export interface SamplePhoto {
  readonly photo: Buffer;
  readonly format: 'jpeg' | 'png';
}

export interface RunningEngine {
  readonly name: string;
  /** A server that really looks at photos, and need play no script. */
  readonly start: () => Promise<{ readonly url: string; close(): Promise<void> }>;
  readonly createEngine: (url: string, options: { timeoutInMs: number }) => Engine;
  /** What must stand in no message. */
  readonly secrets: readonly string[];
  /** At least one that it enrolls. */
  readonly good: readonly SamplePhoto[];
  /** Photos that it refuses, with its own code for each. */
  readonly refused: readonly (SamplePhoto & { readonly code: string })[];
  /** For one call; 30 s by default. */
  readonly timeoutInMs?: number;
}

/** What the core relies on in every engine, as far as a server shows it that does not misbehave on order. */
export function describeEngineBasics(running: RunningEngine): void {
  const { timeoutInMs = 30_000, secrets } = running;
  describe(`engine ${running.name}, as it is`, { timeout: 8 * timeoutInMs }, () => {
    let server: Awaited<ReturnType<RunningEngine['start']>>;
    let engine: Engine;
    const open: Engine[] = [];
    const create = (url: string, limitInMs = timeoutInMs) => {
      const created = running.createEngine(url, { timeoutInMs: limitInMs });
      open.push(created);
      return created;
    };
    beforeAll(async () => {
      server = await running.start();
      engine = create(server.url);
    }, 4 * timeoutInMs);
    afterAll(async () => {
      await Promise.all(open.map((each) => each.close()));
      await server.close();
    });
    const [first] = running.good;
    if (first === undefined) throw new Error('a good photo is needed');

    test('enrolls photos under the template ids that it is sent, and again', async () => {
      for (const [index, sample] of running.good.entries()) {
        const templateId = engine.templateIdFor(`good ${index}`);
        for (const _ of ['once', 'again']) {
          const { reply, sent } = await enrollWith(engine, { ...sample, templateId });
          expect(reply).toMatchObject({ kind: 'enrolled', httpStatus: 200, templateId });
          expect(sent).toBe(1);
        }
      }
    });

    test('takes any subject, and makes one id of all its Unicode forms', async () => {
      expectIds(engine, create(server.url));
      const templateId = engine.templateIdFor('Zoë "Ångström" \\ 張/..?%41&=');
      expect((await enrollWith(engine, { ...first, templateId })).reply).toMatchObject({
        kind: 'enrolled',
        templateId,
      });
    });

    test('gives its verdict on photos that it refuses', async () => {
      for (const { code, ...sample } of running.refused) {
        const { reply } = await enrollWith(engine, sample);
        expect(reply).toMatchObject({ kind: 'rejected', code, message: expect.stringMatching(/\S/) });
      }
    });

    test('a call ends when its time is over, and when it is aborted', async () => {
      const mute = await startMuteServer();
      expect((await enrollWith(create(mute.url, 50), first)).reply).toMatchObject({ kind: 'unavailable' });
      await mute.close();
      const reason = new Error('stopped by the test');
      const stopped = enrollWith(engine, { ...first, signal: AbortSignal.abort(reason) });
      await expect(stopped).rejects.toBe(reason);
      const controller = new AbortController();
      const call = engine.enroll({
        ...first,
        templateId: engine.templateIdFor('aborted'),
        checks: { liveness: false, deepfake: false },
        signal: controller.signal,
        onSent: () => controller.abort(reason),
      });
      await expect(call).rejects.toBe(reason);
      expect((await enrollWith(engine, first)).reply).toMatchObject({ kind: 'enrolled' });
    });

    test('where nobody answers, nothing was sent', async () => {
      const { reply, sent } = await enrollWith(create(await nobodysAddress()), first);
      expect(reply).toMatchObject({ kind: 'unavailable', sent: false });
      expect(sent).toBe(0);
    });

    test('deletes what it stored, and says whether there was something', async () => {
      if (engine.deleteTemplate === undefined) return;
      const templateId = engine.templateIdFor('to be deleted');
      const remove = (): Promise<DeleteReply> | undefined =>
        engine.deleteTemplate?.({ templateId, signal: new AbortController().signal, onSent: () => {} });
      await enrollWith(engine, { ...first, templateId });
      expect(await remove()).toMatchObject({ kind: 'deleted', existed: true });
      expect(await remove()).toMatchObject({ kind: 'deleted', existed: false });
    });

    test('no message holds a credential or a photo', async () => {
      const replies: EngineReply[] = [];
      for (const { code: _, ...sample } of running.refused)
        replies.push((await enrollWith(engine, sample)).reply);
      for (const by of [
        create(server.url, 1),
        create(await nobodysAddress()),
        create(`${server.url}/nowhere`),
      ])
        replies.push((await enrollWith(by, first)).reply);
      expectNoSecret(replies, secrets);
      for (const { photo } of running.good)
        expect(JSON.stringify(replies)).not.toContain(photo.toString('base64', 0, 60));
    });

    test('the account can be checked', async () => {
      if (engine.checkAccount === undefined) return;
      expect(await engine.checkAccount(new AbortController().signal)).toEqual({ ok: true });
    });
  });
}

/** The rules of template ids, which need no server. */
export function expectIds(engine: Engine, another: Engine): void {
  const id = engine.templateIdFor('Zoë Ångström');
  expect(id).not.toBe('');
  expect(engine.templateIdFor('Zoe\u0308 A\u030angstro\u0308m')).toBe(id);
  expect(another.templateIdFor('Zoë Ångström')).toBe(id);
  expect(engine.templateIdFor('zoë ångström')).not.toBe(id);
}

export function expectNoSecret(replies: readonly EngineReply[], secrets: readonly string[]): void {
  const words = JSON.stringify(replies);
  for (const secret of secrets.flatMap(spellings)) expect(words).not.toContain(secret);
  for (const reply of replies) expect('message' in reply ? reply.message.length : 0).toBeLessThan(300);
}

function spellings(secret: string): string[] {
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
}

/** Takes every request, and never answers: a server that only is slow may be quicker than a busy machine's clock. */
async function startMuteServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An address of this machine at which nobody listens any more. */
async function nobodysAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
