import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tagPerson } from '../helpers/engine-server-tag.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

const runId = 'first';
let scene: Scene;
const uploadsOf = (run: string) => readdir(scene.pathOf(run, 'uploads')).catch(() => []);
const startedBy = (stderr: string) => /(?:Starting run|is in run) (\S+)/.exec(stderr)?.[1] ?? '';
const review = (decisions: string, ...more: string[]) =>
  writeFile(join(scene.folder, 'decisions.csv'), decisions).then(() =>
    scene.run(['review', runId, '--decisions', 'decisions.csv', '--reviewer', 'ann', ...more]),
  );

beforeAll(async () => {
  scene = await openScene();
  const twin = await makePhoto();
  await writeFiles(join(scene.folder, 'archive'), {
    'a-twin.jpg': tagPerson(twin, 'twin'),
    'bad.jpg': await makePhoto({ script: 'code-5' }),
    'b-twin.jpg': tagPerson(await makePhoto(), 'twin'),
    'none.jpg': Buffer.alloc(0),
    'wide.jpg': await makePhoto({ script: 'code-6' }),
  });
  await writeFiles(scene.folder, { 'new/bad.jpg': await makePhoto(), 'new/text.jpg': 'no photo' });
  const end = await scene.run(['run', './archive', '--run-id', runId, '--dedupe', '--concurrency', '1']);
  expect(end.exitCode).toBe(1);
}, 180_000);
afterAll(() => scene.close());

describe('rollcall review', () => {
  it('prints the dead letters as a CSV whose column action is to be filled in', async () => {
    const { stdout, exitCode } = await scene.run(['review', runId]);
    expect(exitCode).toBe(0);
    const rows: { seq: string; subjectId: string; action: string }[] = parse(stdout, { columns: true });
    expect(rows.map(({ seq, subjectId, action }) => [seq, subjectId, action])).toEqual([
      ['2', 'b-twin', ''],
      ['3', 'bad', ''],
      ['4', 'none', ''],
      ['5', 'wide', ''],
    ]);
  });

  it('names every row that cannot be, and decides nothing then', async () => {
    const header = 'seq,action,reason,file,rotate,crop\n';
    const rows = '1,retry\n3,retri\n4,leave-out\nx,retry\n5,edit,,,45\n2,retry\n2,retry\n';
    const wrong = await review(header + rows);
    expect(wrong.exitCode).toBe(2);
    for (const part of [
      'row 2: action is none of',
      'row 4: seq',
      'row 5: rotate',
      'row 7: seq 2 is in row 6',
    ])
      expect(wrong.stderr).toContain(part);
    const refused = await review(`${header}1,retry\n4,leave-out\n3,enroll-anyway\n5,edit\n`);
    expect(refused.exitCode).toBe(2);
    for (const part of [
      'row 1: photo 1 is no dead letter',
      'row 2: photo 4 leave-out needs a reason',
      'row 3: photo 3 is no duplicate',
      'row 4: photo 5 edit needs rotate or crop',
    ])
      expect(refused.stderr).toContain(part);
    const noPhoto = await review(`${header}3,retry-file,,new/text.jpg\n4,retry-file,,new/none.jpg\n`);
    expect(noPhoto.exitCode).toBe(2);
    expect(noPhoto.stderr).toContain('row 1: new/text.jpg: photo is not an image');
    expect(noPhoto.stderr).toContain('row 2: new/none.jpg: is not there: check the path');
    expect(await uploadsOf(runId)).toEqual([]);
    await expect(readdir(scene.pathOf(runId, 'decisions'))).rejects.toThrow('ENOENT');
  });

  it('makes one run of what was decided, which another apply does not repeat; files are gone once enrolled', async () => {
    const decisions = [
      'seq;action;reason;file;rotate;crop',
      '2;enroll-anyway;"it is his; brother"',
      '3;retry-file;;new/bad.jpg',
      '4;hand-on',
      '5;edit;;;90;0.25 0 0.5 1',
    ];
    expect(await review(`${decisions.join('\n')}\n`)).toMatchObject({ exitCode: 0 });
    const [upload = ''] = await uploadsOf(runId);
    expect((await stat(scene.pathOf(runId, `uploads/${upload}`))).mode & 0o777).toBe(0o600);
    const callsBefore = scene.engine.calls.length;
    const end = await scene.run(['review', runId, '--apply']);
    expect(end.exitCode).toBe(0);
    const run = startedBy(end.stderr);
    const lines = await scene.report(run);
    expect(lines.map(({ subjectId, status, warnings }) => [subjectId, status, warnings])).toEqual([
      ['b-twin', 'enrolled', undefined],
      ['bad', 'enrolled', ['file-replaced']],
      ['wide', 'enrolled', ['edited-by-hand']],
    ]);
    expect(lines[1]?.photo).toContain('archive/bad.jpg');
    expect(await uploadsOf(run)).toEqual([]);
    expect(await uploadsOf(runId)).toEqual([]);
    const callsAfter = scene.engine.calls.length;
    expect(callsAfter).toBeGreaterThan(callsBefore);
    const again = await scene.run(['review', runId, '--apply']);
    expect(again.exitCode).toBe(0);
    expect(startedBy(again.stderr)).toBe(run);
    expect(scene.engine.calls).toHaveLength(callsAfter);
    const late = await review('seq,action\n3,retry\n');
    expect(late).toMatchObject({ exitCode: 2 });
    expect(late.stderr).toContain(`photo 3 went on in run ${run}: decide it there`);
  });

  it('decides nothing of who is forgotten, and enrolls them no more', async () => {
    const folder = scene.pathOf(runId, 'decisions');
    const decisions = async () =>
      (await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))).join(
        '',
      );
    expect(await review('seq,action,reason\n4,leave-out,is-ill\n')).toMatchObject({ exitCode: 0 });
    const before = await decisions();
    expect(before).toContain('is-ill');
    expect(await scene.run(['forget', 'none'])).toMatchObject({ exitCode: 0 });
    expect(await decisions()).not.toMatch(/is-ill|"seq":4,/);
    const end = await review('seq,action\n4,retry\n');
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain('photo 4 is of a subject that is forgotten');
  });
});
