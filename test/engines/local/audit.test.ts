import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditLineSchema } from '../../../src/records/audit/audit-line.ts';
import { facePhoto } from '../../helpers/face-photos.ts';
import { writeFiles } from '../../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../../helpers/redis-server.ts';
import { openScene, type Scene } from '../../helpers/scene.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../helpers/temporary-folder.ts';
import { type EngineProcess, postForm, sendJson, startEngine } from './engine-process.ts';

let folder: TemporaryFolder;
let engine: EngineProcess;
let redis: TestRedis;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
  [engine, redis] = await Promise.all([startEngine(folder.path), startTestRedis()]);
});
afterAll(async () => {
  engine.command.signal('SIGKILL');
  await engine.command.ended;
  await redis.close();
  await folder.remove();
});

/** `twin` has the photo of `ann`. */
const people = { ann: 0, twin: 0, bert: 1, carl: 2, dora: 5 };
const photoOf = (name: keyof typeof people) => facePhoto(people[name]);

const statusesAfter = async (scene: Scene) => {
  const end = await scene.run(['audit', '--sample', 'all', '--output', 'lines.jsonl']);
  expect(end.exitCode, end.stderr).toBe(1);
  const text = await readFile(join(scene.folder, 'lines.jsonl'), 'utf8');
  const lines = text.trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const { subjectId = '', status } = auditLineSchema.parse(JSON.parse(line));
      return [subjectId, status];
    }),
  );
};

async function enrolled(language: 'ooto' | 'verihubs', url: string): Promise<Scene> {
  const environment = { ROLLCALL_ENGINE_URL: url, ROLLCALL_LOG_LEVEL: 'silent' };
  const scene = await openScene({ queue: redis.url, language, environment });
  for (const name of Object.keys(people) as (keyof typeof people)[])
    await writeFiles(scene.folder, { [`staff/${name}.jpg`]: await photoOf(name) });
  const end = await scene.run(['run', 'staff']);
  expect(end.exitCode, end.stderr).toBe(0);
  return scene;
}

const credentials = { id: 'test-app-id', key: 'test-app-key' };

test('real faces by identification: deleted and exchanged ones are found', async () => {
  const url = `${engine.url}/api/v1.0`;
  const scene = await enrolled('ooto', url);
  const headers = { 'APP-ID': credentials.id, 'APP-KEY': credentials.key };
  const [run = ''] = await scene.runIds();
  const ids = new Map((await scene.report(run)).map((line) => [line.subjectId, line.templateId ?? '']));
  const add = async (subject: string, bytes: Buffer) =>
    postForm(`${url}/add`, { photo: { bytes }, templateId: ids.get(subject) ?? '' }, headers);
  await sendJson(`${url}/delete`, { templateId: ids.get('bert') }, { headers });
  await add('carl', await photoOf('dora'));
  await add('dora', await photoOf('carl'));
  const { ann, twin, ...others } = await statusesAfter(scene);
  expect([ann, twin].sort()).toEqual(['present', 'shadowed']);
  expect(others).toEqual({ bert: 'missing', carl: 'shadowed', dora: 'shadowed' });
  await scene.close();
});

test('real faces by verification and search: twins are told apart', async () => {
  const scene = await enrolled('verihubs', engine.url);
  const headers = { 'App-ID': credentials.id, 'API-Key': credentials.key };
  const url = `${engine.url}/v1/face/enroll`;
  const put = async (subject: string, bytes: Buffer) =>
    sendJson(url, { image: bytes.toString('base64'), subject_id: subject }, { headers });
  await sendJson(url, { subject_id: 'bert' }, { method: 'DELETE', headers });
  await put('carl', await photoOf('dora'));
  await put('dora', await photoOf('carl'));
  expect(await statusesAfter(scene)).toEqual({
    ...{ ann: 'present', twin: 'present', bert: 'missing' },
    ...{ carl: 'shadowed', dora: 'shadowed' },
  });
  await scene.close();
});
