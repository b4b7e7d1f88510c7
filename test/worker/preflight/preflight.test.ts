import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { findModelFiles } from '../../../src/engines/local/faces/model-packages.ts';
import { foreseeVerdict } from '../../../src/engines/registry.ts';
import { facelessPhoto, facePhoto, groupPhoto, tinyFacePhoto } from '../../helpers/face-photos.ts';
import { openScene, type Scene } from '../../helpers/scene.ts';

it('makes no call for what would be refused, and says so in report, summary and dry run', async () => {
  const scene = await openScene();
  try {
    const face = await facePhoto(16);
    const photos = {
      'a-fine': await sharp(face).resize(900).toBuffer(),
      'b-none': await facelessPhoto(),
      'c-group': await groupPhoto(1),
      'd-cut': face.subarray(0, face.length / 2),
      'e-tiny': await tinyFacePhoto(),
      'f-small': face,
    };
    for (const [name, bytes] of Object.entries(photos))
      await writeFile(join(scene.folder, `${name}.jpg`), bytes);
    // As processes: faces are looked for in threads, which only the built program can start.
    const run = (...command: Parameters<Scene['start']>) => scene.start(...command).ended;
    const args = ['.', '--include', '*.jpg', '--preflight'];
    const dry = await run(['run', ...args, '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ photos: 6, calls: 2, savedCalls: 4, failed: 0 });

    const end = await run(['run', ...args, '--run-id', 'one', '--json']);
    expect(end, end.stderr).toMatchObject({ exitCode: 1 });
    expect(JSON.parse(end.stdout)).toMatchObject({
      calls: 2,
      savedCalls: 4,
      byCode: { 4: 1, 5: 1, 6: 1, 9: 1 },
    });
    const lines = (await scene.report('one')).map(({ status, stored, error, warnings, attempts }) => ({
      ...{ status, stored, kind: error?.kind, code: error?.code, warnings, attempts },
    }));
    const refused = { status: 'rejected', stored: 'no', kind: 'preflight', attempts: 0 };
    const enrolled = { status: 'enrolled', stored: 'yes', attempts: 1 };
    expect(lines).toMatchObject([
      enrolled,
      { ...refused, code: '5' },
      { ...refused, code: '6' },
      { ...refused, code: '4' },
      { ...refused, code: '9' },
      { ...enrolled, warnings: ['small-face'] },
    ]);
    expect(lines[0]?.warnings).toBeUndefined();

    // Without an account, in the other engine's words: there several faces are taken.
    const look = await run(['preflight', ...args.slice(0, 3), '--engine', 'verihubs', '--format', 'jsonl'], {
      environment: { OOTO_APP_ID: undefined, OOTO_APP_KEY: undefined, ROLLCALL_ENGINE_URL: undefined },
    });
    expect(look, look.stderr).toMatchObject({ exitCode: 1 });
    const looks = look.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(looks.map(({ error }) => error?.code)).toEqual([
      undefined,
      'FACE_NOT_DETECTED',
      undefined,
      'INVALID_PAYLOAD_IMAGE_FORMAT',
      'FACE_NOT_DETECTED',
      undefined,
    ]);
  } finally {
    await scene.close();
  }
}, 180_000);

it('counts several faces against a photo where the engine is asked to', () => {
  const ofSeveral = (validateNface: boolean) =>
    foreseeVerdict({ engine: 'verihubs', fault: 'several-faces', settings: { validateNface } });
  expect(ofSeveral(false)).toBeUndefined();
  const verdict = ofSeveral(true);
  expect(verdict).toMatchObject({ code: 'FAIL_ON_8', reasons: ['face-count'] });
});

it('says what to install where the models are not there', () => {
  const missing = /npm install @vladmandic\/face-api@1\.7\.15 @tensorflow\/tfjs-core@4\.22\.0 /;
  expect(() => findModelFiles('file:///nowhere/else.js')).toThrow(missing);
});
