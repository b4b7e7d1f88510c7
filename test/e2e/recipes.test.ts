import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/command-line.ts';
import { inventoryCsv, inventoryDelivery } from '../helpers/inventory.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { makeZip } from '../sources/zip-files.ts';

const readme = await readFile(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const blocksOf = (language: string) =>
  [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].flatMap(([, of, block = '']) =>
    of === language ? [block] : [],
  );
const recipes = blocksOf('sh')
  .flatMap((block) => block.split('\n'))
  .map((line) => line.replace(/ +#.*$/, '').replace(/^npx /, ''))
  .filter((line) => /\brollcall \w/.test(line));

/** Shown elsewhere by tests of their own, since they need what is more than a line. */
const elsewhere = new Map([
  ['npm run build && npx rollcall run ./photos', 'e2e/first-photo.test.ts'],
  [
    'rollcall run s3://acme-archive/staff/ --engine verihubs --photo-transport url --require liveness',
    'e2e/verihubs.test.ts',
  ],
]);
/** Commands that go on until they are ended. */
const lasting = /^rollcall (?:worker|serve)\b/;

/** Photos of `./photos` need attention, wherever they are called for; and one run is cancelled. */
const endOf = (recipe: string) =>
  /run (?:\.\/photos|letters)(?!.*(?:--dry-run|--incremental))/.test(recipe)
    ? 1
    : recipe.startsWith('rollcall cancel')
      ? 3
      : 0;

let scene: Scene;
let redis: TestRedis;
let s3: S3Server;
let bin: string;
/** The run that waits for the recipe of a worker. */
let enqueued = '';
const outsides: TemporaryFolder[] = [];

beforeAll(async () => {
  [redis, s3] = await Promise.all([startTestRedis(), startS3Server()]);
  scene = await openScene({ environment: s3.environment });
  bin = join(scene.folder, 'bin');
  const main = await builtProgram();
  const photos = { 'emp-17.jpg': await makePhoto(), 'emp-18.jpg': await makePhoto({ script: 'code-5' }) };
  await writeFiles(scene.folder, {
    'photos/emp-17.jpg': photos['emp-17.jpg'],
    'photos/emp-18.jpg': photos['emp-18.jpg'],
    'visitors/ann.jpg': photos['emp-17.jpg'],
    'people.csv': 'id,photo\nemp-17,photos/emp-17.jpg\n',
    'staff.csv': 'subject_id,department\nemp-17,sales\n',
    'photos.zip': makeZip([{ name: 'emp-17.jpg', content: photos['emp-17.jpg'] }]),
    'leavers.txt': 'emp-0018\n',
    'bin/rollcall': `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`,
  });
  await chmod(join(bin, 'rollcall'), 0o755);
  for (const bucket of ['acme-archive', 'acme-inventory', 'archive']) await s3.createBucket(bucket);
  await s3.put('acme-archive', [['staff/emp-17.jpg', photos['emp-17.jpg']]]);
  const rows = inventoryCsv([{ bucket: 'acme-archive', key: 'staff/emp-17.jpg' }], ['Bucket', 'Key']);
  const prefix = 'acme-archive/daily/';
  const change = { sourceBucket: 'acme-archive' };
  await s3.put(
    'acme-inventory',
    inventoryDelivery({ prefix, fields: ['Bucket', 'Key'], files: [rows], change }),
  );
  await s3.put('archive', [
    ['people.csv', 'id,photo\nemp-17,emp-17.jpg\n'],
    ['emp-17.jpg', photos['emp-17.jpg']],
  ]);
}, 120_000);
afterAll(async () => {
  await Promise.all(outsides.map((outside) => outside.remove()));
  await scene?.close();
  await s3?.close();
  await redis?.close();
});

const newestRun = async () =>
  (await scene.runIds()).filter((id) => !/^(?:steered$|door-)/.test(id)).at(-1) ?? '';

/** What stands in a recipe for something that its reader has. */
async function withOwn(recipe: string): Promise<string> {
  return recipe
    .replaceAll('20261122T032237Z-e27d', 'steered')
    .replaceAll('RUN', await newestRun())
    .replaceAll('redis://localhost', redis.url)
    .replaceAll('https://store.example', s3.endpoint);
}

const makeOutside = async () => {
  const outside = await makeTemporaryFolder();
  outsides.push(outside);
  await writeFiles(outside.path, { '17.jpg': await makePhoto() });
  return outside.path;
};

/** As a shell takes a line apart that has no more than single quotes. */
const argumentsOf = (command: string) =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const inShell = (command: string) =>
  execa('sh', ['-c', command], {
    cwd: scene.folder,
    env: { PATH: `${bin}:${process.env.PATH}`, HOME: process.env.HOME, ...scene.environment },
    extendEnv: false,
    reject: false,
  });

describe('a recipe of the README runs as it is written', () => {
  it('each is here, or in a test of its own', () => {
    expect(recipes.length).toBeGreaterThan(35);
    for (const recipe of elsewhere.keys()) expect(recipes).toContain(recipe);
  });

  const plain = recipes.filter((recipe) => !elsewhere.has(recipe) && !lasting.test(recipe));
  /** The page of a report is in what was built. */
  const needsShell = (recipe: string) => !recipe.startsWith('rollcall ') || recipe.includes('--format html');
  it.each(plain.filter((recipe) => !needsShell(recipe)))('%s', async (recipe) => {
    // A run that waits for somebody: it is enqueued, and no worker is there.
    if (/pause 2026/.test(recipe))
      await scene.run(['enqueue', './photos', '--new', '--run-id', 'steered', '--log-level', 'error']);
    const [, command = '', file] = /^rollcall (.*?)(?: > (\S+))?$/.exec(await withOwn(recipe)) ?? [];
    // Erasure waits for as long as a call of a run that was just cancelled may take.
    const environment = command.startsWith('forget') ? { ROLLCALL_TIMEOUT: '1s' } : {};
    const end = await scene.run(argumentsOf(command), { environment });
    expect({ recipe, ...end }).toMatchObject({ exitCode: endOf(recipe) });
    if (command.startsWith('enqueue')) enqueued = end.stdout;
    if (file !== undefined) await writeFile(join(scene.folder, file), `${end.stdout}\n`);
  });

  it.each(plain.filter((recipe) => needsShell(recipe) && !recipe.startsWith('psql')))(
    '%s',
    async (recipe) => {
      expect(await inShell(await withOwn(recipe))).toMatchObject({ exitCode: 0 });
    },
  );

  it('psql … | rollcall run -, whose paths are absolute', async () => {
    const [recipe = ''] = plain.filter((line) => line.startsWith('psql'));
    const photo = join(await makeOutside(), '17.jpg');
    // Stands for the database: it answers what psql prints of the query's one column.
    const row = JSON.stringify({ subjectId: 17, photo });
    await writeFile(join(bin, 'psql'), `#!/bin/sh\n[ "$1" = -At ] && printf '%s\\n' '${row}'\n`);
    await chmod(join(bin, 'psql'), 0o755);
    const end = await inShell(recipe);
    expect({ ...end }).toMatchObject({ exitCode: 0 });
    expect(await scene.report(await newestRun())).toMatchObject([
      { subjectId: '17', photo, status: 'enrolled' },
    ]);
  });

  it('the script, whose path is absolute', async () => {
    const [script = ''] = blocksOf('ts');
    const outside = await makeOutside();
    const modules = join(scene.folder, 'node_modules');
    await mkdir(modules, { recursive: true });
    await symlink(dirname(dirname(dirname(await builtProgram()))), join(modules, 'rollcall'));
    await writeFile(join(scene.folder, 'script.mjs'), script.replaceAll("'/photos/", `'${outside}/`));
    const end = await inShell(`${process.execPath} script.mjs`);
    expect({ ...end }).toMatchObject({ exitCode: 0, stdout: 'emp-17 enrolled' });
  });

  it.each(recipes.filter((recipe) => lasting.test(recipe)))('%s', async (recipe) => {
    const [, command = ''] = /^rollcall (.*)$/.exec(await withOwn(recipe)) ?? [];
    const isWorker = command.startsWith('worker');
    const running = scene.start([...argumentsOf(command), ...(isWorker ? [] : ['--port', '0'])]);
    if (isWorker) await until(async () => (await scene.record(enqueued)).state === 'finished');
    else await until(async () => `${running.stdout()}${running.stderr()}`.includes('http://127.0.0.1:'));
    running.signal('SIGTERM');
    await running.ended;
  });
});
