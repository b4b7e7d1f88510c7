import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalStateStore } from '../../../src/storage/state/local-state-store.ts';
import { type CompiledSource, compileSource } from '../../helpers/compiled-source.ts';
import { createSeededRandom } from '../../helpers/engine-server-calls.ts';
import { runChild } from '../../helpers/run-child.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../helpers/temporary-folder.ts';

describe('state under fire', () => {
  let compiled: CompiledSource;
  let folder: TemporaryFolder;
  let script: string;
  const random = createSeededRandom(7);

  beforeAll(async () => {
    [compiled, folder] = await Promise.all([compileSource(), makeTemporaryFolder()]);
    script = compiled.pathOf('test/storage/state/state-child.ts');
  });
  afterAll(async () => {
    await folder.remove();
  });

  it('a file is whole after every kill -9, and at least as new as what was acknowledged', async () => {
    const state = createLocalStateStore(folder.path);
    for (let kill = 0; kill < 4; kill += 1) {
      const child = runChild(script, ['write', folder.path, 'runs/run.json']);
      let acknowledged = 0;
      for (let lines = 1 + random() * 20; lines > 0; lines -= 1) acknowledged = Number(await child.line());
      await child.kill();
      const { number, filling } = JSON.parse((await state.read('runs/run.json'))?.toString() ?? '');
      expect(number).toBeGreaterThanOrEqual(acknowledged);
      expect(filling).toBe(String(number).repeat(20_000));
    }
  });

  it('lines that were acknowledged are there after every kill -9, each once and in order, and it goes on', async () => {
    const state = createLocalStateStore(folder.path);
    let durable = 0;
    for (let kill = 0; kill < 4; kill += 1) {
      const child = runChild(script, ['append', folder.path, 'runs/lines']);
      const from = Number((await child.line()).replace('from ', ''));
      expect(from).toBeGreaterThanOrEqual(durable);
      for (let lines = 1 + random() * 30; lines > 0; lines -= 1)
        durable = Number((await child.line()).replace('durable ', ''));
      await child.kill();
      const numbers: number[] = [];
      for await (const lines of state.readLines('runs/lines'))
        numbers.push(...lines.map(({ text }) => JSON.parse(text).number as number));
      expect(numbers.length).toBeGreaterThanOrEqual(durable);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  it('a write that found no room is a fault that says so, nothing is appended behind it, and the next start goes on', async () => {
    const state = createLocalStateStore(folder.path);
    // Files end at 300 kB for this process, in the middle of a line; the signal that would end it is ignored.
    const limited = `trap '' XFSZ; ulimit -f 300; exec "$0" "$@"`;
    const child = spawn(
      'bash',
      ['-c', limited, process.execPath, script, 'append', folder.path, 'runs/limited'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const said: string[] = [];
    createInterface(child.stdout).on('line', (line) => said.push(line));
    const [exitCode] = await once(child, 'close');
    expect(exitCode).toBe(0);
    const fault = JSON.parse(said.at(-1) ?? '');
    expect(fault).toMatchObject({ code: 'state', exitCode: 4 });
    expect(fault.message).toContain(state.locate('runs/limited'));
    expect(fault.message).toContain('start the same command again');
    expect(fault.again).toBe(fault.message);
    expect(await state.size('runs/limited')).toBe(300 * 1024);
    const durable = Number(said.at(-2)?.replace('durable ', ''));
    expect(fault.durable).toBeLessThan(300 * 1024);

    const again = runChild(script, ['append', folder.path, 'runs/limited']);
    expect(Number((await again.line()).replace('from ', ''))).toBeGreaterThanOrEqual(durable);
    const goesOn = Number((await again.line()).replace('durable ', ''));
    await again.kill();
    const numbers: number[] = [];
    for await (const lines of state.readLines('runs/limited'))
      numbers.push(...lines.map(({ text }) => JSON.parse(text).number as number));
    expect(numbers.length).toBeGreaterThanOrEqual(goesOn);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(await readdir(state.locate('runs'))).toContain('limited');
  });
});
