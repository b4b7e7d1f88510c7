import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { createEngine } from '../../src/engines/registry.ts';
import { describeEngineBasics } from '../conformance/engine-basics.ts';
import { enrollWith, tinyJpeg, tinyPng } from '../conformance/engine-calls.ts';
import { describeEngine } from '../conformance/engine-conformance.ts';
import { startEngineServer } from '../helpers/engine-server.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { tagPhoto } from '../helpers/engine-server-tag.ts';
import { readOotoEnrollDocument } from '../helpers/seed-documents.ts';

const credentials = { appId: 'canary-id/47+11', appKey: 'canary-key/08=15&?' };
const document = readOotoEnrollDocument();

const ooto = {
  name: 'ooto',
  createEngine: (url: string, { timeoutInMs }: { timeoutInMs: number }) =>
    createEngine({
      name: 'ooto',
      url,
      environment: { OOTO_APP_ID: credentials.appId, OOTO_APP_KEY: credentials.appKey },
      timeoutInMs,
      concurrency: 4,
    }).engine,
  secrets: Object.values(credentials),
};

describeEngineBasics({
  ...ooto,
  start: () => startEngineServer({ credentials }),
  good: [
    { photo: tinyJpeg, format: 'jpeg' },
    { photo: tinyPng, format: 'png' },
  ],
  refused: [
    { photo: tinyJpeg, format: 'png', code: '4' },
    { photo: Buffer.alloc(0), format: 'jpeg', code: '3' },
  ],
});

describeEngine({
  ...ooto,
  startServer: () => startEngineServer({ credentials }),
  verdicts: [...document.codes, [77, 'something'] as const].flatMap(([code, message]) =>
    [`code-${code}`, `ok-code-${code}`].map((script) => ({
      script,
      code: String(code),
      message,
      stored: 'no' as const,
    })),
  ),
  noAnswers: ['ok-no-id'],
});

describe('what only OOTO has', () => {
  let server: EngineServer;
  let engine: Engine;
  beforeAll(async () => {
    server = await startEngineServer({ credentials });
    engine = ooto.createEngine(server.url, { timeoutInMs: 5_000 });
  });
  afterAll(async () => {
    await engine.close();
    await server.close();
  });
  const play = (script: string) => enrollWith(engine, { photo: tagPhoto(tinyJpeg, script) });

  test('asks for exactly the checks that are wanted, and reads them', async () => {
    const all = await enrollWith(engine, { checks: { liveness: true, deepfake: true } });
    const sample = document.success.result.face as Record<string, unknown>;
    expect(all.reply).toMatchObject({
      checks: { liveness: sample.liveness, deepfake: sample.deepfake },
      face: { box: sample.box, landmarks: sample.landmarks },
    });
    const none = await enrollWith(engine, { checks: { liveness: false, deepfake: false } });
    expect(none.reply).not.toHaveProperty('checks');
    const notLive = await play('not-live');
    expect(notLive.reply).toMatchObject({ kind: 'enrolled', checks: { liveness: { fine: false } } });
  });

  test('reads the other shape of success', async () => {
    expect((await play('ok-nested')).reply).toMatchObject({ kind: 'enrolled' });
  });

  test('gives a rejected photo the id of the transaction, and ids that any form takes', async () => {
    expect((await play('code-5')).reply).toHaveProperty('transactionId', expect.any(String));
    expect(engine.templateIdFor('Zoë Ångström')).toMatch(/^[\w.:-]{1,128}$/);
  });
});
