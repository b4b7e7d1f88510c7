import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const idOf = (subjectId: string) => templateIdOf({ engine: 'ooto', subjectId });
const names = Array.from({ length: 10 }, (_, index) => `person-${index + 1}`);

describe('forgotten, re-run, still gone', () => {
  let redis: TestRedis;
  let scene: Scene;
  let first: string;

  beforeAll(async () => {
    redis = await startTestRedis();
    scene = await openScene({ queue: redis.url });
    for (const name of names) {
      const photo = await makePhoto(name === 'person-3' ? { script: 'ok-other-id' } : {});
      await writeFiles(join(scene.folder, 'archive'), { [`${name}.jpg`]: photo });
    }
    const rows = ['subject_id,photo,template_id', 'person-2,archive/person-2.jpg,custom/2'];
    await writeFiles(scene.folder, { 'people.csv': rows.join('\n') });
  });
  afterAll(async () => {
    await scene.close();
    await redis.close();
  });

  async function run(...args: string[]) {
    const end = await scene.run(['run', ...args, '--json']);
    const summary = JSON.parse(end.stdout || '{}');
    return { ...end, summary, lines: summary.run ? await scene.report(summary.run) : [] };
  }
  async function forget(...args: string[]) {
    const end = await scene.run(['forget', ...args, '--json']);
    return { ...end, result: end.stdout === '' ? undefined : JSON.parse(end.stdout) };
  }
  const held = () => [...scene.engine.templates.keys()].sort();

  async function filesBelow(folder: string): Promise<string[]> {
    const path = join(scene.stateFolder, folder);
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return files.sort();
  }
  /** All lines of all files below a folder of the state. */
  async function linesBelow(folder: string): Promise<string[]> {
    const texts = await Promise.all((await filesBelow(folder)).map((file) => readFile(file, 'utf8')));
    return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  }
  async function logLines() {
    return (await linesBelow('forgotten/engines/ooto/erasures')).map((line) => JSON.parse(line));
  }

  it('deletes all templates that are known of a subject, and writes down no id', async () => {
    const ended = await run('archive');
    first = ended.summary.run;
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect((await run('people.csv')).exitCode).toBe(0);
    expect(scene.engine.templates.size).toBe(11);
    // Gone at the engine already.
    (scene.engine.templates as Map<string, unknown>).delete(idOf('person-4'));

    await writeFiles(scene.folder, { 'leavers.txt': '\ufeffperson-3\r\n\r\n  person-4\n' });
    const { exitCode, result, stderr } = await forget('person-2', '--file', 'leavers.txt');
    expect(exitCode, stderr).toBe(0);
    expect(result).toMatchObject({
      engine: 'ooto',
      subjects: 3,
      erased: 3,
      erasedBefore: 0,
      templatesDeleted: 3,
      templatesGone: 2,
      failed: [],
    });
    expect(held()).toEqual(
      names
        .filter((name) => !/-[234]$/.test(name))
        .map(idOf)
        .sort(),
    );
    const log = await logLines();
    expect(log).toHaveLength(3);
    for (const line of log)
      expect(line).toMatchObject({
        schema: 'rollcall.erasure/2',
        subject: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    const templates = log.flatMap((line) => line.templates);
    expect(templates.filter(({ existed }) => existed)).toHaveLength(3);
    for (const template of templates) expect(template.transaction).toEqual(expect.any(String));
    const written = [...(await linesBelow('forgotten')), ...(await linesBelow('ledger'))].join('\n');
    for (const name of ['person-2', 'person-3', 'person-4', 'custom/2', idOf('person-2')])
      expect(written).not.toContain(name);
    expect(written).toContain('person-5');
  });

  it('no run enrolls them again, whatever it is over', async () => {
    const before = scene.engine.calls.length;
    const dry = await scene.run(['run', 'archive', '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ photos: 10, calls: 7, forgotten: 3 });
    const again = await run('archive', '--new');
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.summary).toMatchObject({
      byStatus: { enrolled: 7, skipped: 3 },
      byReason: { forgotten: 3 },
    });
    expect(again.lines.filter(({ reason }) => reason === 'forgotten')).toMatchObject(
      ['person-2', 'person-3', 'person-4'].map((subjectId) => ({
        subjectId,
        status: 'skipped',
        stored: 'no',
      })),
    );
    expect(scene.engine.calls.length - before).toBe(7);

    await writeFiles(scene.folder, { 'own.csv': 'name,subject_id\nA,person-1\n' });
    const own = await run('archive', '--new', '--forget-list', 'own.csv');
    expect(own.summary.byReason).toEqual({ forgotten: 4 });
    expect(own.lines.find(({ subjectId }) => subjectId === 'person-1')).not.toHaveProperty('stored');
    expect(await linesBelow(`runs/${own.summary.run}/forget-list`)).toHaveLength(1);
    expect(own.summary.forgetList).toEqual({ subjects: 1, unknown: 0 });
    expect(held()).toContain(idOf('person-1'));

    await rm(join(scene.folder, 'archive', 'person-2.jpg'));
    const nightly = await run('archive', '--incremental');
    expect(nightly.summary).toMatchObject({ byReason: { forgotten: 2, unchanged: 7 }, missing: 0 });
    const redriven = await run(scene.pathOf(first, 'report.jsonl'), '--redrive', 'all');
    expect(redriven.summary.byReason).toEqual({ forgotten: 3 });
    expect(held().filter((id) => ['person-2', 'person-3', 'person-4'].map(idOf).includes(id))).toEqual([]);
  });

  it('says what could not be deleted, and goes on with just that', async () => {
    scene.engine.script(`delete ${idOf('person-5')}`, 'code-7x1');
    const failed = await forget('person-5', 'person-6');
    expect(failed.exitCode).toBe(1);
    expect(failed.result).toMatchObject({ erased: 1, failed: [{ place: 'subject 1' }] });
    expect(failed.stdout).not.toContain('person-');
    expect(failed.stderr).toContain('subject 1 (person-5): not deleted');
    const before = scene.engine.calls.length;
    const fixed = await forget('person-5', 'person-6');
    expect(fixed.exitCode, fixed.stderr).toBe(0);
    expect(fixed.result).toMatchObject({ erased: 2, erasedBefore: 1, templatesDeleted: 1 });
    expect(scene.engine.calls.slice(before).map(({ templateId }) => templateId)).toEqual([idOf('person-5')]);
  });

  it('an account that is refused stops it; the list holds all the same', async () => {
    scene.engine.setMode('401');
    const refused = await forget('person-7');
    scene.engine.setMode('normal');
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain('OOTO_APP_KEY');
    expect(
      (await run('archive', '--new')).lines.find(({ subjectId }) => subjectId === 'person-7'),
    ).toMatchObject({
      reason: 'forgotten',
    });
    expect(held()).toContain(idOf('person-7'));
    expect((await forget('person-7')).exitCode).toBe(0);
    expect(held()).not.toContain(idOf('person-7'));
  });

  it('killed before the call or before its log line, it ends right when started again', async () => {
    const erasuresBefore = (await logLines()).length;
    const [silent, cut] = ['person-8', 'person-9'];
    scene.engine.script(`delete ${idOf('person-8')}`, 'silentx1');
    // Deleted, and the answer never ends.
    scene.engine.script(`delete ${idOf('person-9')}`, 'dribblex1');
    const killed = scene.start(['forget', 'person-8', 'person-9']);
    await until(() => !held().includes(idOf(cut)));
    await until(() =>
      scene.engine.calls.some(
        ({ templateId, path }) => path.endsWith('/delete') && templateId === idOf(silent),
      ),
    );
    killed.signal('SIGKILL');
    await killed.ended;
    expect(await logLines()).toHaveLength(erasuresBefore);
    expect(held()).toContain(idOf(silent));
    const ended = await forget('person-8', 'person-9');
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.result).toMatchObject({ erased: 2, templatesDeleted: 1, templatesGone: 1 });
    expect(held()).toEqual([idOf('person-1'), idOf('person-10')].sort());
    expect(await logLines()).toHaveLength(erasuresBefore + 2);
  });

  it('takes a subject off the list', async () => {
    const allowed = await scene.run(['forget', '--allow', 'person-5', 'nobody', '--json']);
    expect(JSON.parse(allowed.stdout)).toEqual({ allowed: 1 });
    const { lines } = await run('archive', '--incremental');
    expect(lines.find(({ subjectId }) => subjectId === 'person-5')).toMatchObject({ status: 'enrolled' });
    expect(lines.filter(({ reason }) => reason === 'forgotten')).toHaveLength(6);
  });

  const otherApp = { OOTO_APP_ID: 'another-app-id' };
  const spelled = (how: (url: string) => string) => ({ ROLLCALL_ENGINE_URL: how(scene.engine.url) });

  it.each<[string, () => Record<string, string>]>([
    ['another app id', () => otherApp],
    ['localhost', () => spelled((url) => url.replace('127.0.0.1', 'localhost'))],
    ['slashes', () => spelled((url) => `${url.replace(/:(\d+)/, ':$1//')}//`)],
    ['another case', () => spelled((url) => url.replace('/api/', '/API/'))],
    [
      'another host name of this machine',
      () => spelled((url) => url.replace('127.0.0.1', '[::ffff:7f00:1]')),
    ],
    ['127.1', () => spelled((url) => url.replace('127.0.0.1', '127.1'))],
  ])('nobody comes back under %s', async (_, environment) => {
    const before = scene.engine.calls.length;
    const dry = await scene.run(['run', 'archive', '--dry-run', '--json'], { environment: environment() });
    expect(JSON.parse(dry.stdout)).toMatchObject({ forgotten: 6 });
    await writeFiles(scene.folder, { 'one.csv': 'subject_id,photo\nperson-7,archive/person-7.jpg\n' });
    const end = await scene.run(['run', 'one.csv', '--new', '--json'], { environment: environment() });
    expect(JSON.parse(end.stdout)).toMatchObject({ total: 1, byReason: { forgotten: 1 } });
    expect(scene.engine.calls.length).toBe(before);
  });

  it('nobody comes back under another subject with the same template id', async () => {
    const before = scene.engine.calls.length;
    const ids = ['custom/2', idOf('person-4'), idOf('person-4').toUpperCase(), idOf('person-7')];
    const rows = ids.map((id, index) => `new-${index},archive/person-1.jpg,${id}`);
    await writeFiles(scene.folder, { 'new.csv': ['subject_id,photo,template_id', ...rows].join('\n') });
    const { exitCode, lines } = await run('new.csv');
    expect(exitCode).toBe(1);
    for (const [index, line] of lines.entries())
      expect(line).toMatchObject(
        index === 2
          ? { status: 'failed', error: { kind: 'collision' } }
          : {
              ...{ status: 'failed', stored: 'no' },
              error: {
                kind: 'collision',
                message: expect.stringContaining('erased for another subject, which asked to be forgotten'),
              },
            },
      );
    expect(scene.engine.calls.length).toBe(before);
  });

  it('one account’s templates are deleted, whichever spelling it was enrolled under', async () => {
    const environment = spelled((url) => url.replace('127.0.0.1', 'localhost'));
    const rows = ['subject_id,photo,template_id', 'person-20,archive/person-1.jpg,custom/20'];
    await writeFiles(scene.folder, { 'twenty.csv': rows.join('\n') });
    const enrolled = await scene.run(['run', 'twenty.csv', '--json'], { environment });
    expect(enrolled.exitCode, enrolled.stderr).toBe(0);
    expect(held()).toContain('custom/20');
    const { exitCode, result } = await forget('person-20');
    expect(exitCode).toBe(0);
    expect(result).toMatchObject({ erased: 1, templatesDeleted: 1 });
    expect(held()).not.toContain('custom/20');
    expect((await linesBelow('ledger')).join('\n')).not.toContain('person-20');
  });

  it('whoever was enrolled with blanks around the id is forgotten without them, too', async () => {
    const former = idOf(' person-30');
    const rows = ['subject_id,photo,template_id', `person-30,archive/person-1.jpg,${former}`];
    await writeFiles(scene.folder, { 'thirty.csv': rows.join('\n') });
    expect((await run('thirty.csv')).exitCode).toBe(0);
    // As the former version has written it down.
    for (const path of await filesBelow('ledger')) {
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replaceAll('"person-30"', '" person-30"'));
    }
    const { result } = await forget('person-30');
    expect(result).toMatchObject({
      subjects: 1,
      erased: 1,
      templatesDeleted: 1,
      unknown: [],
      leftToOthers: [],
    });
    expect(held()).not.toContain(former);
    expect((await linesBelow('ledger')).join('\n')).not.toContain('person-30');
  });

  it('a run says how many ids of its own list are nobody’s', async () => {
    const rows = ['subject_id,photo', 'person-1,archive/person-1.jpg', 'person-41,archive/person-1.jpg'];
    await writeFiles(scene.folder, { 'few.csv': rows.join('\n') });
    // In the source, in the ledger alone, forgotten before, in another case, and not there at all.
    await writeFiles(scene.folder, { 'own.txt': 'person-41\rperson-10\rperson-2\rPERSON-1\rnobody' });
    const { summary } = await run('few.csv', '--new', '--forget-list', 'own.txt');
    expect(summary).toMatchObject({ byReason: { forgotten: 1 }, forgetList: { subjects: 5, unknown: 2 } });
    const { stdout } = await scene.run(['report', summary.run]);
    expect(stdout).toContain('--forget-list: 2 of 5 ids are in neither source nor ledger');
    const dry = await scene.run(['run', 'few.csv', '--forget-list', 'own.txt', '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ forgotten: 1, forgetList: { subjects: 5, unknown: 2 } });
    await writeFiles(scene.folder, { 'empty.txt': '' });
    const empty = await run('few.csv', '--new', '--forget-list', 'empty.txt');
    expect(empty).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('names nobody') });
  });

  it('says whom nobody knows', async () => {
    await writeFiles(scene.folder, { 'wrong.txt': 'PERSON-8\rperson-8 \rnobody\r' });
    const { exitCode, result, stderr } = await forget('--file', 'wrong.txt');
    expect(exitCode).toBe(0);
    expect(result).toMatchObject({ subjects: 3, unknown: ['line 1 of wrong.txt', 'line 3 of wrong.txt'] });
    expect(stderr).toMatch(
      /2 subjects matched nobody.*upper and lower case.*line 1 of wrong\.txt \(PERSON-8\)/,
    );
  });

  it('a list whose key is gone stops every run', async () => {
    const keys = join(scene.stateFolder, 'forgotten/keys');
    await rename(keys, `${keys}-away`);
    const stopped = await run('archive', '--new');
    await rename(`${keys}-away`, keys);
    expect(stopped.exitCode).toBe(4);
    expect(stopped.stderr).toMatch(/forgotten\/keys\/[0-9a-f]{16}\.json from a backup/);
  });

  it('refuses what names nobody', async () => {
    for (const args of [[], ['--file', 'no-such-file.txt'], ['--file', 'archive'], ['']]) {
      const { exitCode, stderr } = await forget(...args);
      expect(exitCode, stderr).toBe(2);
    }
    await writeFiles(scene.folder, {
      'wrong.csv': 'name\nperson-1\n',
      'wrong.jsonl': '{"name":"person-1"}\n',
    });
    for (const file of ['wrong.csv', 'wrong.jsonl']) expect((await forget('--file', file)).exitCode).toBe(2);
    expect(held()).toContain(idOf('person-1'));
  });
});
