import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

/** In this order: each finds what those before it left. */
const steps: readonly (readonly [command: string, exitCode: number])[] = [
  ['doctor ./folder', 0],
  ['run ./folder --run-id first', 1],
  ['status', 0],
  ['report first', 0],
  ['dead-letters first --retry', 1],
  ['review first', 0],
  ['identify ./folder', 1],
  ['coverage people.txt', 1],
  ['audit --sample all', 0],
  ['undo first --yes', 0],
  ['forget ann', 0],
  ['schedule add nightly --cron 0_2_*_*_* --source ./folder', 0],
  ['inbox open door', 0],
  ['inbox add door --subject ann --photo ./folder/ann.jpg', 0],
  ['inbox list', 0],
  ['inbox close door', 0],
  ['enqueue ./folder --run-id second', 0],
  ['set second --rate 50', 0],
  ['pause second', 0],
  ['resume second', 0],
  ['cancel second', 3],
  ['prune --older-than 1d', 0],
  ['pause --account', 0],
];

/** Those that go on until they are told to end, and what needs face models: the files about them have them as processes. */
const elsewhere = ['worker', 'engine', 'preflight', 'serve'];

let redis: TestRedis;
let scene: Scene;

beforeAll(async () => {
  redis = await startTestRedis();
  scene = await openScene({ queue: redis.url });
  await writeFiles(scene.folder, {
    'folder/ann.jpg': await makePhoto(),
    'folder/none.jpg': '',
    'people.txt': 'ann\nnone\n',
  });
});
afterAll(async () => {
  await scene.close();
  await redis.close();
});

/** Most tests run commands in their own process; here they are what users have. */
describe('each command as a process, from the built program', () => {
  it.each(steps)('%s ends by itself with exit code %d', async (command, exitCode) => {
    const args = command.split(' ').map((word) => word.replaceAll('_', ' '));
    const end = await scene.start(args).ended;
    expect(end, end.stderr).toMatchObject({ exitCode });
    expect(end.stdout + end.stderr).not.toMatch(/internal error|test-app-key/);
  });

  it('leaves none out', () => {
    const shown = new Set([...steps.map(([command]) => command.split(' ')[0]), ...elsewhere]);
    expect(shown).toEqual(new Set(Object.keys(commands)));
  });
});
