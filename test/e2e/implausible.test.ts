import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/ledger/ledger-event.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

const photos = 10;
/** Of its own in each folder: the same name in another is another person's. */
const namesIn = (folder: string) =>
  Array.from({ length: photos }, (_, index) => `${folder}-${index + 10}.jpg`);

describe('answers that cannot be right', () => {
  let scene: Scene;
  const flags = ['--concurrency', '1', '--incremental'];

  beforeAll(async () => {
    scene = await openScene();
    for (const folder of ['cached', 'lagging', 'short', 'pair', 'own'])
      for (const name of namesIn(folder))
        await writeFiles(join(scene.folder, folder), { [name]: await makePhoto() });
  });
  afterAll(() => scene.close());
  afterEach(() => scene.engine.reset());

  /** Kinds of events of the ledger, by subject, of photos in a folder. */
  async function remembered(folder: string): Promise<Record<string, string>> {
    const ledger = join(scene.stateFolder, 'ledger');
    const files = (await readdir(ledger, { recursive: true })).filter((name) => name.endsWith('.jsonl'));
    const texts = await Promise.all(files.map((name) => readFile(join(ledger, name), 'utf8')));
    const lines = texts
      .join('')
      .split('\n')
      .filter((line) => line.includes(`/${folder}/`));
    const events = lines.map((line) => JSON.parse(line) as LedgerEvent);
    return Object.fromEntries(events.map(({ subjectId, kind }) => [subjectId, kind]));
  }
  const markOf = ({ error, warnings = [], status }: Awaited<ReturnType<Scene['report']>>[number]) =>
    error?.kind ?? warnings.find((warning) => warning === 'template-shared') ?? status;

  it.each([
    ['cached', 'ok-first-id', 'one template'],
    ['lagging', 'ok-former-id', 'the template of somebody else'],
  ])('stop the run (%s), and nobody is remembered as enrolled', async (folder, mode, words) => {
    scene.engine.setMode(mode);
    const args = ['run', folder, '--run-id', folder, ...flags];
    const paused = await scene.run(args);
    expect(paused.exitCode).toBe(3);
    expect(paused.stderr).toContain(words);
    scene.engine.setMode('normal');
    expect(await scene.run(args)).toMatchObject({ exitCode: 1 });
    const lines = await scene.report(folder);
    const marks = lines.map(markOf);
    const failed = marks.filter((mark) => mark === 'implausible').length;
    expect(marks[0]).toBe('enrolled');
    expect(failed).toBeGreaterThanOrEqual(3);
    expect(marks.filter((mark) => mark === 'enrolled')).toHaveLength(photos - failed);
    for (const line of lines) if (line.status === 'failed') expect(line.stored).toBe('unknown');
    expect(await scene.summary(folder)).toMatchObject({
      byCode: { implausible: failed },
      notEnrolled: failed,
    });
    const known = await remembered(folder);
    for (const line of lines)
      expect(known[line.subjectId ?? '']).toBe(line.status === 'enrolled' ? 'enrolled' : 'unclear');
    scene.engine.reset();
    expect(await scene.run(['run', folder, '--run-id', `${folder}-2`, ...flags])).toMatchObject({
      exitCode: 0,
    });
    expect(scene.engine.calls).toHaveLength(failed);
  });

  it('stop a run that was done by then, too', async () => {
    scene.engine.setMode('ok-first-id');
    const args = ['run', 'short', '--limit', '3', '--run-id', 'short', '--concurrency', '3'];
    expect(await scene.run(args)).toMatchObject({ exitCode: 3 });
    expect(await scene.record('short')).toMatchObject({ state: 'paused', counts: { done: 3 } });
    expect(await scene.run(args)).toMatchObject({ exitCode: 1 });
    // The first that is called is enrolled, whichever of the three it is.
    const marks = (await scene.report('short')).map(markOf).sort();
    expect(marks).toEqual(['enrolled', 'implausible', 'implausible']);
  });

  it('are a warning where only two meet', async () => {
    scene.engine.setMode('normal');
    const photo = await makePhoto({ script: 'ok-former-id' });
    await writeFiles(join(scene.folder, 'pair'), { 'pair-20.jpg': photo });
    const first = await scene.run(['run', 'pair', '--run-id', 'pair', ...flags]);
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stdout).toMatch(/template-shared +1 /);
    const lines = await scene.report('pair');
    const suspect = lines.filter((line) => markOf(line) === 'template-shared');
    expect(suspect).toMatchObject([{ subjectId: 'pair-20', status: 'enrolled', stored: 'unknown' }]);
    expect((await remembered('pair'))['pair-20']).toBe('unclear');
  });

  it('are none where the engine has ids of its own; that is said once', async () => {
    scene.engine.setMode('ok-other-id');
    const { exitCode, stdout } = await scene.run(['run', 'own', '--run-id', 'own', ...flags]);
    expect(exitCode).toBe(0);
    expect(stdout.match(/template-id-differs +10 /g)).toHaveLength(1);
    expect(Object.values(await remembered('own'))).toEqual(Array.from({ length: photos }, () => 'enrolled'));
    const known = /the engine gave 10 photos template ids of its own/g;
    scene.engine.setMode('normal');
    const other = await scene.run(['run', 'own', '--run-id', 'own-2', '--limit', '1']);
    expect(other.exitCode).toBe(0);
    for (const command of ['status', 'doctor'])
      expect((await scene.run([command])).stdout.match(known)).toHaveLength(1);
  });
});
