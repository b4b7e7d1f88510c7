import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFiles, writePhotos } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

let redis: TestRedis;
let scene: Scene;
let ledgerFile: string;

beforeAll(async () => {
  redis = await startTestRedis();
  scene = await openScene({ queue: redis.url });
  await writePhotos(join(scene.folder, 'archive'), { count: 2 });
  await writeFiles(scene.folder, { 'people.csv': 'subject_id\nsomebody\n' });
  expect(await scene.run(['run', './archive', '--run-id', 'first'])).toMatchObject({ exitCode: 0 });
  const ledger = join(scene.stateFolder, 'ledger');
  const files = await readdir(ledger, { recursive: true });
  ledgerFile = join(ledger, files.find((file) => file.endsWith('.jsonl')) ?? 'none');
}, 60_000);
afterAll(async () => {
  await scene.close();
  await redis.close();
});

const commands = [
  ['coverage', 'people.csv'],
  ['audit', '--sample', '100%'],
  ['undo', 'first', '--yes'],
  ['forget', 'somebody'],
];

describe('a ledger with', () => {
  it('an empty line is read as one without it', async () => {
    await appendFile(ledgerFile, '\n');
    expect(await scene.run(['coverage', 'people.csv'])).toMatchObject({ exitCode: 1 });
  });

  describe.each([
    ['a line that cannot be read', 'second', '{"schema":"rollcall.ledger/1","subjectId":"some\n'],
    ['an end that was cut off', 'third', '{"schema":"rollcall.ledger/1","subjectId":"some'],
  ])('%s', (_, run, damage) => {
    let whole: Buffer;
    beforeAll(async () => {
      whole = await readFile(ledgerFile);
      await appendFile(ledgerFile, damage);
    });
    afterAll(() => writeFile(ledgerFile, whole));

    it.each(commands)('%s ends with exit code 4, before any call', async (...command) => {
      const calls = scene.engine.calls.length;
      const { exitCode, stderr } = await scene.run(command);
      expect(exitCode, stderr).toBe(4);
      expect(stderr).toMatch(/ledger\/\S+\.jsonl cannot be read at byte \d+, .* take the line out/);
      expect(scene.engine.calls.length).toBe(calls);
    });

    it('of which nothing is known is passed over by a run', async () => {
      const command = ['run', './archive', '--incremental', '--run-id', run];
      expect(await scene.run(command)).toMatchObject({ exitCode: 0 });
      expect(await scene.summary(run)).toMatchObject({ byStatus: { skipped: 2 } });
    });
  });
});
