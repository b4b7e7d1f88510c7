import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import type { UndoLine } from '../../src/records/undo/undo-line.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

/** Three runs over lists that overlap; the second is undone. */
function describeUndo(language: 'ooto' | 'verihubs', flags: readonly string[]): void {
  const isProven = flags.includes('--undoable');

  describe(`a run in the middle of three is taken back at ${language} ${flags.join(' ')}`, () => {
    let scene: Scene;
    const idOf = (subjectId: string) =>
      subjectId === 'given' ? 'custom-1' : templateIdOf({ engine: language, subjectId });
    const shaOf = async (file: string) =>
      createHash('sha256')
        .update(await readFile(join(scene.folder, file)))
        .digest('hex');
    const held = (subjectId: string) => scene.engine.templates.get(idOf(subjectId))?.photoSha256.at(-1);

    async function list(name: string, photos: Readonly<Record<string, string>>): Promise<void> {
      const rows = Object.entries(photos).map(
        ([id, photo]) => `${id},${photo},${id === 'given' ? 'custom-1' : ''}`,
      );
      await writeFiles(scene.folder, { [name]: ['subject_id,photo,template_id', ...rows].join('\n') });
      for (const photo of Object.values(photos)) {
        const script = photo.includes('own') ? { script: 'ok-other-id' } : {};
        await writeFiles(scene.folder, { [photo]: await makePhoto(script) });
      }
    }
    const run = async (source: string, ...more: string[]) => {
      const end = await scene.run(['run', source, '--json', ...more]);
      expect(end.exitCode, end.stderr).toBe(0);
      return JSON.parse(end.stdout);
    };
    const lines = async (file: string): Promise<Record<string, UndoLine>> => {
      const text = await readFile(join(scene.folder, file), 'utf8');
      const all = text
        .trimEnd()
        .split('\n')
        .map((line): UndoLine => JSON.parse(line));
      expect(new Set(all.map(({ seq }) => seq)).size).toBe(all.length);
      return Object.fromEntries(all.map((line) => [line.subjectId, line]));
    };

    beforeAll(async () => {
      scene = await openScene({ language });
      await list('1.csv', {
        again: '1/again.jpg',
        back: '1/back.jpg',
        lost: '1/lost.jpg',
        only: '1/only.jpg',
      });
      await list('2.csv', {
        ...{ again: '2/again.jpg', back: '2/back.jpg', lost: '2/lost.jpg', fresh: '2/fresh.jpg' },
        ...{ given: '2/given.jpg', leaver: '2/leaver.jpg', alien: '2/alien.jpg' },
        ...(language === 'ooto' && { own: '2/own.jpg' }),
      });
      await list('3.csv', { again: '3/again.jpg', last: '3/last.jpg' });
      await run('1.csv', '--run-id', 'first');
      // Enrolled by somebody else, whom this state knows nothing of.
      (scene.engine.templates as Map<string, unknown>).set(idOf('alien'), {
        ...scene.engine.templates.get(idOf('only')),
      });
      await run('2.csv', '--run-id', 'second', ...flags);
      await run('3.csv', '--run-id', 'third');
      expect((await scene.run(['forget', 'leaver'])).exitCode).toBe(0);
      await rm(join(scene.folder, '1/lost.jpg'));
    });
    afterAll(() => scene.close());

    const expected: Readonly<Record<string, Partial<UndoLine>>> = {
      again: { status: 'kept', reason: 'other-run', by: 'third' },
      back: { status: 'reversed', reason: 'restored' },
      lost: { status: 'impossible', reason: 'photo-gone' },
      leaver: { status: 'kept', reason: 'forgotten' },
      fresh: { status: 'reversed', reason: 'deleted', ...(!isProven && { isUnproven: true }) },
      given: isProven
        ? { status: 'reversed', reason: 'deleted' }
        : { status: 'impossible', reason: 'given-id' },
      alien: isProven
        ? { status: 'impossible', reason: 'unknown-before' }
        : { status: 'reversed', reason: 'deleted', isUnproven: true },
      ...(language === 'ooto' && { own: { status: 'impossible', reason: 'engine-id' } }),
    };

    it('shows its plan without a call', async () => {
      const calls = scene.engine.calls.length;
      const end = await scene.run(['undo', 'second', '--dry-run', '--output', 'plan.jsonl']);
      expect(end.exitCode, end.stderr).toBe(1);
      expect(await lines('plan.jsonl')).toMatchObject(expected);
      expect(scene.engine.calls).toHaveLength(calls);
      expect(end.stdout).toContain('impossible: the earlier photo cannot be read any more');
    });

    it('deletes nothing without a word of consent, nor of a run that there is not', async () => {
      const calls = scene.engine.calls.length;
      for (const args of [['second'], ['nothing', '--yes']])
        expect((await scene.run(['undo', ...args])).exitCode).toBe(2);
      expect(scene.engine.calls).toHaveLength(calls);
    });

    it('does as planned, and each line is true by the engine’s own store', async () => {
      const before = new Map(scene.engine.templates);
      const end = await scene.run(['undo', 'second', '--yes', '--json', '--output', 'undone.jsonl']);
      expect(end.exitCode, end.stderr).toBe(1);
      const undone = await lines('undone.jsonl');
      expect(undone).toMatchObject(expected);
      expect(Object.keys(undone).sort()).toEqual(Object.keys(expected).sort());
      for (const { status, isUnproven } of Object.values(undone))
        if (isUnproven) expect(status).toBe('reversed');
      expect(undone.lost?.earlier?.photo).toMatch(/1\/lost\.jpg$/);

      expect(held('back')).toBe(await shaOf('1/back.jpg'));
      expect(held('again')).toBe(await shaOf('3/again.jpg'));
      expect(held('lost')).toBe(await shaOf('2/lost.jpg'));
      for (const subject of ['fresh', 'leaver']) expect(held(subject)).toBeUndefined();
      expect(held('given') === undefined).toBe(isProven);
      expect(held('alien') === undefined).toBe(!isProven);
      for (const subject of ['only', 'last']) expect(held(subject)).toBeDefined();
      const gone = [...before.keys()].filter((id) => !scene.engine.templates.has(id));
      expect(gone.length).toBe(Object.values(undone).filter(({ reason }) => reason === 'deleted').length);
    });

    it('started again it has nothing left to do', async () => {
      const calls = scene.engine.calls.length;
      const end = await scene.run(['undo', 'second', '--yes']);
      expect(end.exitCode, end.stderr).toBe(1);
      expect(scene.engine.calls).toHaveLength(calls);
    });

    it('its report says that it was undone, for people, programs and as a page', async () => {
      const { byStatus } = JSON.parse((await scene.run(['undo', 'second', '--yes', '--json'])).stdout);
      const { reversed, kept, impossible } = byStatus;
      const shown = await scene.run(['report', 'second']);
      expect(shown.stdout).toContain(
        `Since then it was undone: ${reversed} reversed, ${kept} kept, ${impossible} impossible`,
      );
      const { undone } = JSON.parse((await scene.run(['report', 'second', '--json'])).stdout);
      expect(undone).toMatchObject(byStatus);
      await scene.run(['report', 'second', '--format', 'html', '--output', 'second.html']);
      const page = await readFile(join(scene.folder, 'second.html'), 'utf8');
      expect(page).toContain(`"undone":${JSON.stringify(undone)}`);
    });

    it('an incremental run takes what was undone for new, and what was restored for known', async () => {
      const calls = scene.engine.calls.length;
      await writeFiles(scene.folder, { '1/lost.jpg': await makePhoto() });
      await writeFiles(scene.folder, { 'known.csv': `subject_id,photo\nback,1/back.jpg\nonly,1/only.jpg\n` });
      expect(await run('known.csv', '--incremental')).toMatchObject({ byReason: { unchanged: 2 } });
      expect(scene.engine.calls).toHaveLength(calls);
      await writeFiles(scene.folder, { 'new.csv': `subject_id,photo\nfresh,2/fresh.jpg\nback,2/back.jpg\n` });
      expect(await run('new.csv', '--incremental')).toMatchObject({ byStatus: { enrolled: 2 } });
      expect(held('fresh')).toBe(await shaOf('2/fresh.jpg'));
    });

    it('is told by coverage and status', async () => {
      await writeFiles(scene.folder, { 'people.txt': 'given\nback\n' });
      const { stdout } = await scene.run(['coverage', 'people.txt', '--format', 'jsonl']);
      const [given, back] = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(given).toMatchObject(isProven ? { status: 'undone', run: 'second' } : { status: 'enrolled' });
      expect(back).toMatchObject({ status: 'enrolled' });
      expect((await scene.run(['status', 'second'])).stdout).toContain('undone: ');
    });
  });
}

describeUndo('ooto', []);
describeUndo('verihubs', []);
describeUndo('verihubs', ['--undoable']);

describe('what cannot be', () => {
  it('is said before the first call: an engine that cannot prove what it holds', async () => {
    const scene = await openScene();
    await writeFiles(scene.folder, { 'a/ann.jpg': await makePhoto() });
    const end = await scene.run(['run', 'a', '--undoable']);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--undoable') });
    expect(scene.engine.calls).toHaveLength(0);
    await scene.close();
  });
});
