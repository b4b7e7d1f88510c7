import { afterAll } from 'vitest';
import { createEngine } from '../../../src/engines/registry.ts';
import { describeEngineBasics, type RunningEngine } from '../../conformance/engine-basics.ts';
import { facelessPhoto, facePhoto } from '../../helpers/face-photos.ts';
import { makeTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { type EngineProcess, startEngine } from './engine-process.ts';

/** The adapters of both languages against the local engine over HTTP: one process for both. */
const folder = await makeTemporaryFolder();
let started: Promise<EngineProcess> | undefined;
const engineUrl = async () => {
  started ??= startEngine(folder.path);
  return (await started).url;
};
afterAll(async () => {
  const engine = await started;
  engine?.command.signal('SIGTERM');
  await engine?.command.ended;
  await folder.remove();
});

const timeoutInMs = 60_000;
const good = [{ photo: await facePhoto(0), format: 'jpeg' as const }];
const nobody = { photo: await facelessPhoto(), format: 'jpeg' as const };
const broken = { photo: nobody.photo.subarray(0, 700), format: 'jpeg' as const };
const empty = { photo: Buffer.alloc(0), format: 'jpeg' as const };

function describeLanguage(
  name: 'ooto' | 'verihubs',
  path: string,
  environment: Readonly<Record<string, string>>,
  refused: RunningEngine['refused'],
): void {
  describeEngineBasics({
    name: `local, asked as ${name}`,
    start: async () => ({ url: `${await engineUrl()}${path}`, close: async () => {} }),
    createEngine: (url, options) =>
      createEngine({ name, url, environment, concurrency: 4, ...options }).engine,
    secrets: Object.values(environment),
    good,
    refused,
    timeoutInMs,
  });
}

describeLanguage('ooto', '/api/v1.0', { OOTO_APP_ID: 'canary-id/47+11', OOTO_APP_KEY: 'canary-key/08=15' }, [
  { ...nobody, code: '5' },
  { ...broken, code: '4' },
  { ...empty, code: '3' },
]);

describeLanguage(
  'verihubs',
  '',
  { VERIHUBS_APP_ID: 'canary-id/47+11', VERIHUBS_API_KEY: 'canary-key/08=15' },
  [
    { ...nobody, code: 'FACE_NOT_DETECTED' },
    { ...broken, code: 'INVALID_PAYLOAD_IMAGE_FORMAT' },
    { ...empty, code: 'INVALID_PAYLOAD_IMAGE_MISSING' },
  ],
);
