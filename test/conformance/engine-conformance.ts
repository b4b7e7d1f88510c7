import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Engine, EngineReply, EnrolledReply } from '../../src/engines/engine.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { tagPhoto } from '../helpers/engine-server-tag.ts';
import { expectIds, expectNoSecret } from './engine-basics.ts';
import { enrollWith, tinyJpeg, tinyPng } from './engine-calls.ts';

/** What must come of a script that is a verdict. */
export interface ScriptedVerdict {
  readonly script: string;
  readonly code: string;
  readonly message: string;
  readonly reasons?: readonly string[];
  readonly stored: 'no' | 'unknown';
}

export interface EngineAdapter {
  readonly name: string;
  readonly startServer: () => Promise<EngineServer>;
  /** An engine that calls the server, with the server's credentials. */
  readonly createEngine: (url: string, options: { timeoutInMs: number }) => Engine;
  /** What must stand in no message. */
  readonly secrets: readonly string[];
}

export interface EnrollingAdapter extends EngineAdapter {
  /** Every code of the engine's page, and one that it does not have. */
  readonly verdicts: readonly ScriptedVerdict[];
  /** Scripts of its own that are no answer. */
  readonly noAnswers?: readonly string[];
}

/** What the core relies on in every engine, shown by a server that misbehaves on order. */
export function describeEngine(adapter: EnrollingAdapter): void {
  describe(`engine ${adapter.name}`, () => {
    let server: EngineServer;
    let engine: Engine;
    const open: Engine[] = [];

    const create = (timeoutInMs = 5000) => {
      const created = adapter.createEngine(server.url, { timeoutInMs });
      open.push(created);
      return created;
    };
    beforeAll(async () => {
      server = await adapter.startServer();
      engine = create();
    });
    afterEach(() => server.reset());
    afterAll(async () => {
      await Promise.all(open.map((each) => each.close()));
      await server.close();
    });

    const play = (script: string, by: Engine = engine) =>
      enrollWith(by, { photo: tagPhoto(tinyJpeg, script) });
    const expectOneCall = () => {
      expect(server.calls).toHaveLength(1);
      expect(server.calls[0]?.violations).toEqual([]);
    };

    test('sends a photo byte for byte under its template id, as what it is', async () => {
      for (const [format, photo] of [
        ['jpeg', tinyJpeg],
        ['png', tinyPng],
      ] as const) {
        const templateId = engine.templateIdFor(`a ${format}`);
        const { reply } = await enrollWith(engine, { photo, format, templateId });
        expect(reply).toMatchObject({ kind: 'enrolled', httpStatus: 200, templateId });
        expect(server.calls.at(-1)).toMatchObject({
          templateId,
          photoSha256: createHash('sha256').update(photo).digest('hex'),
          photoMimeType: `image/${format}`,
          violations: [],
        });
        expect(server.templates.get(templateId)?.enrolled).toBe(1);
      }
    });

    test('reads the id that the engine gave, or says that it named another', async () => {
      const templateId = engine.templateIdFor('nested');
      const { reply } = await enrollWith(engine, { photo: tagPhoto(tinyJpeg, 'ok-other-id'), templateId });
      expect(reply.kind).toBe('enrolled');
      const { templateId: kept, namedInstead = kept } = reply as EnrolledReply;
      expect(namedInstead).not.toBe(templateId);
    });

    test('leaves out age, gender and race', async () => {
      const { reply } = await play('ok');
      expect(reply).toHaveProperty('quality');
      expect(JSON.stringify(reply)).not.toMatch(/"(age|gender|race)"/);
    });

    test.each(adapter.verdicts)('$script is a verdict', async ({ script, message, ...verdict }) => {
      const { reply, sent } = await play(script);
      expect(reply).toMatchObject({ kind: 'rejected', reasons: [], ...verdict });
      expect(reply).toHaveProperty('message', expect.stringContaining(message));
      expect(sent).toBe(1);
      expect(server.templates.size).toBe(0);
    });

    test.each([
      '500',
      '502',
      '503:after=3',
      '599',
      '408',
      'html-502',
      'html-400',
      '400',
      'no-json',
      'cut-json',
      'cut-length',
      'huge',
      'endless',
      'reset-before',
      'reset-after',
      ...(adapter.noAnswers ?? []),
    ])('%s is no answer: to be tried again by the core, not here', async (script) => {
      const { reply, sent } = await play(script);
      expect(reply).toMatchObject({ kind: 'unavailable', sent: true });
      expect(sent).toBe(1);
      expectOneCall();
    });

    test.each(['silent', 'dribble', 'slow:ms=30000'])('%s ends when the time is over', async (script) => {
      const started = performance.now();
      const { reply } = await play(script, create(300));
      expect(performance.now() - started).toBeLessThan(25_000);
      expect(performance.now() - started).toBeGreaterThan(290);
      expect(reply).toMatchObject({ kind: 'unavailable', sent: true });
      expectOneCall();
    });

    test('429 is throttled, with the wait that the engine asks for', async () => {
      expect((await play('429')).reply).toEqual({
        kind: 'throttled',
        httpStatus: 429,
        message: expect.any(String),
      });
      expect((await play('429:after=7')).reply).toMatchObject({ kind: 'throttled', retryAfterInMs: 7000 });
      const { reply } = await play('429:date=100');
      expect(reply.kind === 'throttled' ? reply.retryAfterInMs : 0).toBeGreaterThan(60_000);
    });

    test('wrong credentials are certain, and what to fix is named', async () => {
      server.setMode('401');
      const { reply } = await play('ok');
      expect(reply).toMatchObject({ kind: 'refused', certain: true, httpStatus: 401 });
      server.setMode('402');
      expect((await play('ok')).reply).toMatchObject({ kind: 'refused', certain: true });
      expect(server.templates.size).toBe(0);
    });

    test.each(['403', '404', '405', 'redirect'])('%s is refused, but one is no proof', async (script) => {
      expect((await play(script)).reply).toMatchObject({ kind: 'refused', certain: false });
      expectOneCall();
    });

    test.each(['413', '415'])('%s is a verdict on this photo', async (status) => {
      const { reply } = await play(`html-${status}`);
      expect(reply).toMatchObject({ kind: 'rejected', code: `http-${status}`, stored: 'no' });
    });

    test('an engine that is down was not reached', async () => {
      await play('ok');
      await server.goDown();
      await sleep(100);
      try {
        const { reply, sent } = await play('ok');
        expect(reply).toMatchObject({ kind: 'unavailable', sent: false });
        expect(sent).toBe(0);
      } finally {
        await server.comeUp();
      }
      expect((await play('ok')).reply).toMatchObject({ kind: 'enrolled' });
    });

    test('rejects with the reason of an abort, before and during a call', async () => {
      const reason = new Error('stopped by the test');
      await expect(enrollWith(engine, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(server.calls).toHaveLength(0);
      const controller = new AbortController();
      const call = enrollWith(engine, { photo: tagPhoto(tinyJpeg, 'silent'), signal: controller.signal });
      setTimeout(() => controller.abort(reason), 50);
      await expect(call).rejects.toBe(reason);
      expect((await play('ok')).reply).toMatchObject({ kind: 'enrolled' });
    });

    test('the same subject always has the same template id, in any Unicode form', () => {
      expectIds(engine, create());
    });

    test('no message holds a credential or a photo', async () => {
      const replies: EngineReply[] = [];
      for (const script of [
        'echo',
        '401',
        '403',
        '404',
        '500',
        'html-502',
        'cut-length',
        'reset-after',
        '429',
      ]) {
        replies.push((await play(script)).reply);
      }
      expectNoSecret(replies, adapter.secrets);
      expect(JSON.stringify(replies)).not.toContain(tinyJpeg.toString('base64').slice(0, 40));
    });

    test('the account can be checked without storing anything', async () => {
      if (engine.checkAccount === undefined) return;
      const { signal } = new AbortController();
      expect(await engine.checkAccount(signal)).toEqual({ ok: true });
      for (const mode of ['401', '404', '500', 'html-502', '429', 'html-413', 'reset-before']) {
        server.setMode(mode);
        const isDecided = ['401', '404', 'html-413'].includes(mode);
        expect(await engine.checkAccount(signal)).toEqual({
          ok: false,
          message: expect.any(String),
          ...(!isDecided && { undecided: expect.objectContaining({ kind: expect.any(String) }) }),
        });
      }
      expect(server.templates.size).toBe(0);
    });
  });
}
