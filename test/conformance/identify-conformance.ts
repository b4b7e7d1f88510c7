import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine, IdentifyReply, IdentifyRequest } from '../../src/engines/engine.ts';
import { thresholdOf } from '../../src/engines/similarity.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { tagPerson, tagPhoto } from '../helpers/engine-server-tag.ts';
import { enrollWith, tinyJpeg, tinyPng } from './engine-calls.ts';
import type { EngineAdapter } from './engine-conformance.ts';

/** What the core relies on in an engine that can identify; on a server that does as engine-server.ts. */
export function describeIdentification(adapter: EngineAdapter): void {
  describe(`engine ${adapter.name} identifies`, () => {
    let server: EngineServer;
    let engine: Engine;
    /** For what never comes to its end. */
    let impatient: Engine;
    beforeAll(async () => {
      server = await adapter.startServer();
      engine = adapter.createEngine(server.url, { timeoutInMs: 5_000 });
      impatient = adapter.createEngine(server.url, { timeoutInMs: 300 });
    });
    beforeEach(() => server.reset());
    afterAll(async () => {
      await Promise.all([engine.close(), impatient.close()]);
      await server.close();
    });

    async function identify(
      photo: Buffer,
      more: Partial<IdentifyRequest> = {},
      by = engine,
    ): Promise<{ reply: IdentifyReply; sent: number }> {
      if (!by.identify) throw new Error('this engine identifies nobody');
      let sent = 0;
      const reply = await by.identify({
        photo,
        format: 'jpeg',
        checks: { liveness: false, deepfake: false },
        threshold: thresholdOf(by, {}),
        signal: new AbortController().signal,
        onSent: () => {
          sent += 1;
        },
        ...more,
      });
      return { reply, sent };
    }
    const play = (script: string) =>
      identify(tagPhoto(tinyJpeg, `@${script}`), {}, /silent|dribble/.test(script) ? impatient : engine);

    test('the template that was enrolled, in either shape, and nobody where nothing is stored', async () => {
      expect((await identify(tinyJpeg)).reply).toEqual({
        kind: 'identified',
        httpStatus: 200,
        transactionId: expect.any(String),
      });
      await enrollWith(engine, { templateId: 'anna', photo: tagPerson(tinyJpeg, 'anna') });
      await enrollWith(engine, { templateId: 'bert', photo: tagPerson(tinyPng, 'bert'), format: 'png' });
      const other = tagPerson(tagPhoto(tinyPng, '@okx1+ok-nested'), 'anna');
      for (const shape of ['flat', 'nested']) {
        const { reply, sent } = await identify(other, { format: 'png' });
        expect(reply, shape).toMatchObject({ match: { templateId: 'anna', similarity: 0.9 } });
        expect(sent).toBe(1);
        expect(server.calls.at(-1)).toMatchObject({
          photoSha256: createHash('sha256').update(other).digest('hex'),
          photoMimeType: 'image/png',
          violations: [],
        });
        expect(server.calls.at(-1)).not.toHaveProperty('templateId');
      }
      // Whoever is the most like a stranger is named as well: it is for the core to say what counts.
      const { reply } = await identify(tagPerson(tinyJpeg, 'nobody'));
      expect(reply).toMatchObject({ match: { similarity: 0.31 } });
      expect(server.templates.size).toBe(2);
    });

    test('both checks are always said, as they are wanted', async () => {
      for (const checks of [
        { liveness: true, deepfake: false },
        { liveness: false, deepfake: true },
      ]) {
        await identify(tinyJpeg, { checks });
        const query = new URL(server.calls.at(-1)?.path ?? '', server.url).searchParams;
        expect(Object.fromEntries(query)).toEqual({
          check_liveness: String(checks.liveness),
          check_deepfake: String(checks.deepfake),
        });
      }
    });

    test('failures are of the same kinds as those of an enroll call, one call each', async () => {
      const kinds: Record<string, string[]> = {
        rejected: ['code-1', 'code-5', 'code-6', 'code-9', 'code-77', 'ok-code-5', 'html-413', 'html-415'],
        unavailable: ['500', 'html-502', '503:after=3', '400', 'no-json', 'cut-json', 'cut-length'],
        throttled: ['429', '429:after=7'],
        refused: ['401', '402', '403', '404', 'redirect'],
      };
      kinds.unavailable?.push('huge', 'endless', 'reset-before', 'reset-after', 'silent', 'dribble');
      for (const [kind, scripts] of Object.entries(kinds)) {
        for (const script of scripts) {
          const before = server.calls.length;
          const { reply, sent } = await play(script);
          expect(reply, script).toMatchObject({ kind });
          expect(sent).toBe(1);
          expect(server.calls.length).toBe(before + 1);
          for (const secret of adapter.secrets) expect(JSON.stringify(reply)).not.toContain(secret);
        }
      }
      expect((await play('code-5')).reply).toMatchObject({ code: '5', stored: 'no' });
      expect((await play('404')).reply).toHaveProperty('message', expect.stringContaining('identify'));
      expect(JSON.stringify([await play('echo'), await play('echo-503')])).not.toContain(adapter.secrets[1]);
    });

    test('rejects with the reason of an abort', async () => {
      const reason = new Error('stopped by the test');
      const controller = new AbortController();
      const call = identify(tagPhoto(tinyJpeg, '@silent'), { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 50);
      await expect(call).rejects.toBe(reason);
    });
  });
}
