import { copyFile, mkdir, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRunReport } from '../../src/runs/look-at-runs.ts';
import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { workInProcess } from '../../src/runs/run-in-process.ts';
import { openBrowser } from '../helpers/browser.ts';
import { compile } from '../helpers/build-folder.ts';
import { builtProgram } from '../helpers/command-line.ts';
import { openTestPostgres } from '../helpers/embedded-postgres.ts';
import { startEngineServer, testCredentials } from '../helpers/engine-server.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The package and its scripts in a folder of their own, as `npm run build` and `build:scripts` make them in this one. */
async function buildScripts(folder: string): Promise<void> {
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await symlink(dirname(dirname(await builtProgram())), join(folder, 'dist'));
  await mkdir(join(folder, 'test'));
  await symlink(join(root, 'test', 'fixtures'), join(folder, 'test', 'fixtures'));
  await compile('tsconfig.scripts.json', join(folder, 'dist-scripts'));
}

describe('the scripts', () => {
  let project: TemporaryFolder;
  let work: TemporaryFolder;
  let engine: EngineServer;

  beforeAll(async () => {
    project = await makeTemporaryFolder();
    work = await makeTemporaryFolder();
    engine = await startEngineServer();
    await buildScripts(project.path);
  });
  afterAll(async () => {
    await engine.close();
    await project.remove();
    await work.remove();
  });

  const run = (script: string, args: readonly string[], environment: Record<string, string> = {}) =>
    execa(
      process.execPath,
      [join(project.path, 'dist-scripts', 'scripts', 'examples', `${script}.js`), ...args],
      {
        cwd: work.path,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
        extendEnv: false,
        reject: false,
      },
    );
  const account = () => ({
    ROLLCALL_ENGINE: 'ooto',
    ROLLCALL_ENGINE_URL: engine.url,
    ROLLCALL_RATE: '100',
    OOTO_APP_ID: testCredentials.appId,
    OOTO_APP_KEY: testCredentials.appKey,
  });

  it('enqueue-photos enqueues ten photos, awaits their run and reads its report', async () => {
    const numbers = Array.from({ length: 10 }, (_, index) => index);
    for (const number of numbers) {
      const photo = await makePhoto(number === 9 ? { script: 'code-5' } : {});
      await writeFiles(work.path, { [`${number}.jpg`]: photo });
    }
    const { stdout, stderr, exitCode } = await run(
      'enqueue-photos',
      numbers.map((number) => `emp-${number}=${number}.jpg`),
      account(),
    );
    expect(stderr).toBe('');
    expect(exitCode).toBe(1);
    const lines = stdout.split('\n').map((line) => line.split('\t'));
    expect(lines.map(([subject]) => subject)).toEqual(numbers.map((number) => `emp-${number}`));
    expect(lines.map(([, status]) => status)).toEqual([...Array(9).fill('enrolled'), 'rejected']);
    expect(engine.calls).toHaveLength(10);
    expect(engine.templates.size).toBe(9);
  });

  /** Works on a run as a worker would, and gives its statuses by subject. */
  async function workOn(runId: string): Promise<Record<string, string>> {
    const rollcall = await openRollcall({ environment: account(), folder: work.path });
    try {
      await workInProcess(rollcall, runId);
      const statuses: Record<string, string> = {};
      for await (const { subjectId = '', status } of readRunReport(rollcall, runId))
        statuses[subjectId] = status;
      return statuses;
    } finally {
      await rollcall.close();
    }
  }

  it('enqueue-query enqueues the rows of a query', async () => {
    const postgres = await openTestPostgres();
    try {
      await writeFiles(work.path, { 'query.jpg': await makePhoto({}) });
      await postgres.pool.query('CREATE TABLE people (id int, path text, department text, template uuid)');
      await postgres.pool.query(
        `INSERT INTO people SELECT n, CASE WHEN n < 3 THEN $1 ELSE '/nowhere.jpg' END, 'sales', NULL FROM generate_series(1, 3) n`,
        [join(work.path, 'query.jpg')],
      );
      const { host, database, user } = postgres.pool.options;
      const { stdout, stderr, exitCode } = await run(
        'enqueue-query',
        ['select id, path as photo, template as template_id, department from people order by id'],
        {
          ...account(),
          DATABASE_URL: `postgresql://${user ?? ''}@/${database ?? ''}?host=${encodeURIComponent(host ?? '')}`,
        },
      );
      expect({ stderr, exitCode }).toEqual({ stderr: '3 photos enqueued', exitCode: 0 });
      expect(await workOn(stdout)).toEqual({ 1: 'enrolled', 2: 'enrolled', 3: 'failed' });
    } finally {
      await postgres.close();
    }
  });

  it('retry-last-night enqueues what had no verdict, once', async () => {
    const photo = join(work.path, 'late.jpg');
    const first = await run('enqueue-photos', [`emp-late=${photo}`], account());
    expect(first.exitCode).toBe(1);
    await writeFiles(work.path, { 'late.jpg': await makePhoto({}) });
    const again = await run('retry-last-night', [], account());
    expect(again).toMatchObject({ stderr: '', exitCode: 0 });
    const runIds = again.stdout.split('\n');
    expect((await run('retry-last-night', [], account())).stdout.split('\n')).toEqual(runIds);
    const newest = runIds[0] ?? '';
    expect(newest).toMatch(/-again$/);
    expect(await workOn(newest)).toEqual({ 'emp-late': 'enrolled' });
  });

  it('nightly.sh calls only for what is new, and says what needs attention', async () => {
    const night = () =>
      execa(join(root, 'scripts', 'examples', 'nightly.sh'), ['./night'], {
        cwd: work.path,
        env: {
          PATH: process.env.PATH,
          ...account(),
          ROLLCALL_COMMAND: `${process.execPath} ${join(project.path, 'dist', 'cli', 'main.js')}`,
        },
        extendEnv: false,
        reject: false,
      });
    const calls = () => engine.calls.length;
    await writeFiles(join(work.path, 'night'), {
      'emp-1.jpg': await makePhoto({}),
      'emp-2.jpg': await makePhoto({ script: 'code-5' }),
    });
    const before = calls();
    const first = await night();
    expect(first.exitCode).toBe(1);
    expect(first.stderr).toContain('need attention');
    expect(JSON.parse(first.stdout).byStatus).toMatchObject({ enrolled: 1, rejected: 1 });
    expect(calls() - before).toBe(2);
    await writeFiles(join(work.path, 'night'), { 'emp-3.jpg': await makePhoto({}) });
    const second = await night();
    expect(second).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(second.stdout)).toMatchObject({ total: 3, calls: 1, notEnrolled: 1 });
    expect(calls() - before).toBe(3);
  });

  it('enqueue-photos says what is missing', async () => {
    const { stderr, exitCode } = await run('enqueue-photos', ['emp-1=1.jpg'], { ROLLCALL_ENGINE: 'ooto' });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('OOTO_APP_ID');
  });

  it.each([
    ['lines', '--lines', '100'],
    ['coverage', '--people', '200'],
    ['audit', '--subjects', '200'],
  ])('the benchmark %s prints its figures, at a small size', async (name, ...args) => {
    // What it draws with is there afterwards.
    if (name === 'lines') await (await openBrowser()).close();
    const script = join(project.path, 'dist-scripts', 'scripts', 'bench', `${name}.js`);
    const { stdout } = await execa(process.execPath, [script, ...args], { cwd: project.path });
    const figures = Object.values(JSON.parse(stdout) as object).filter((value) => typeof value === 'number');
    expect(figures.length).toBeGreaterThan(1);
    for (const figure of figures) expect(figure).toBeGreaterThanOrEqual(0);
  });
});

describe('the demo', () => {
  it('cuts its faces out of photos that are there', async () => {
    const { makeDemoArchive } = await import('../../scripts/demo-archive.ts');
    const folder = await makeTemporaryFolder();
    await mkdir(join(folder.path, 'photos'));
    const archive = await makeDemoArchive(join(folder.path, 'photos'));
    const files = await readdir(join(folder.path, 'photos'), { recursive: true });
    expect(files.filter((name) => /\.(jpg|webp)$/.test(name))).toHaveLength(archive.photos);
    expect(new Set(archive.groups).size).toBe(6);
    await folder.remove();
  });
});
