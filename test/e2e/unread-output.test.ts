import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { builtProgram } from '../helpers/command-line.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await writeFiles(scene.folder, {
    'folder/ann.jpg': await makePhoto(),
    'folder/bob.jpg': await makePhoto(),
    'people.txt': 'ann\nnobody\n',
  });
  await scene.run(['run', 'folder', '--run-id', 'first']);
});
afterAll(() => scene.close());

/** As in a shell with `| true`, or into a file: what is printed has no reader. */
async function exitCodeOf(args: readonly string[], stdout: 'pipe' | number = 'pipe'): Promise<unknown> {
  const child = spawn(process.execPath, [await builtProgram(), ...args], {
    cwd: scene.folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...scene.environment },
    stdio: ['ignore', stdout, 'ignore'],
  });
  child.stdout?.destroy();
  const [exitCode] = await once(child, 'exit');
  return exitCode;
}

it.each([
  ['who is missing is missing', ['coverage', 'people.txt'], 1],
  ['a report is only shown', ['report', 'first', '--format', 'jsonl'], 0],
  ['dead letters are only shown', ['dead-letters', 'first'], 0],
])('nobody reads on: %s', async (_, args, exitCode) => {
  expect(await exitCodeOf(args)).toBe(exitCode);
});

it('nobody reads on: what was found is repaired all the same, and the exit code says that it was found', async () => {
  const ann = templateIdOf({ engine: 'ooto', subjectId: 'ann' });
  scene.engine.putTemplate(ann, undefined);
  expect(await exitCodeOf(['audit', '--sample', 'all', '--repair'])).toBe(1);
  expect(scene.engine.templates.has(ann)).toBe(true);
});

it('who asked for JSON gets nothing else, with the runs that repair', async () => {
  scene.engine.putTemplate(templateIdOf({ engine: 'ooto', subjectId: 'bob' }), undefined);
  const end = await scene.run(['audit', '--sample', 'all', '--repair', '--json']);
  expect(end.exitCode).toBe(1);
  expect(JSON.parse(end.stdout)).toMatchObject({ findings: 1, repairs: [{ photos: 1 }] });
  expect(end.stderr).toContain('enrolled           1');
});

it('what cannot be written is a fault', async () => {
  expect(await exitCodeOf(['coverage', 'people.txt'], openSync('/dev/full', 'w'))).toBe(4);
});
