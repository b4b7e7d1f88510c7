import { cp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngineServer, testCredentials } from '../helpers/engine-server.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { brokenLinks } from './markdown-links.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const notPacked = new Set(['node_modules', 'dist', 'dist-scripts', 'coverage', 'demo-data', '.git']);

/** What a user writes with the package: everything that `index.ts` says is typed, and it runs. */
const program = `
import { enqueue, openRollcall, type ReportLine, readRunReport, reportLineSchema, workInProcess } from 'rollcall';

const rollcall = await openRollcall();
try {
  const photos = ['a', 'b'].map((subjectId) => ({ subjectId, photo: \`photos/\${subjectId}.jpg\` }));
  const { runId } = await enqueue(rollcall, photos);
  await workInProcess(rollcall, runId);
  for await (const line of readRunReport(rollcall, runId)) {
    const checked: ReportLine = reportLineSchema.parse(line);
    console.log(checked.subjectId, checked.status);
  }
} finally {
  await rollcall.close();
}
`;

let folder: TemporaryFolder;
let project: string;
let engine: EngineServer;
let redis: TestRedis;
let install: { readonly exitCode?: number | undefined; readonly all: string };

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  [engine, redis] = await Promise.all([startEngineServer(), startTestRedis()]);
  project = join(folder.path, 'project');
  const tarball = await pack();
  await writeFiles(project, {
    'package.json': JSON.stringify({ name: 'project', version: '1.0.0', type: 'module' }),
    'program.ts': program,
    'photos/a.jpg': await makePhoto(),
    'photos/b.jpg': await makePhoto(),
  });
  const { version } = await readJson(join(root, 'node_modules', '@types', 'node', 'package.json'));
  const quick = ['--prefer-offline', '--no-audit', '--no-fund'];
  install = await execa('npm', ['install', ...quick, tarball, `@types/node@${version}`], {
    cwd: project,
    all: true,
    reject: false,
  });
}, 240_000);
afterAll(async () => {
  await Promise.all([engine.close(), redis.close()]);
  await folder.remove();
});

/** As `npm publish` does, from a copy: it builds, and other tests read what is built here. */
async function pack(): Promise<string> {
  const copy = join(folder.path, 'copy');
  await cp(root, copy, { recursive: true, filter: (path) => !notPacked.has(basename(path)) });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const { stdout } = await execa('npm', ['pack', '--silent', '--pack-destination', folder.path], {
    cwd: copy,
  });
  return join(folder.path, stdout.trim().split('\n').at(-1) ?? '');
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
}

/** Settings of the tests' engine and nothing else of this process. */
function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return execa(command, args, {
    cwd: project,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ROLLCALL_ENGINE: 'ooto',
      ROLLCALL_ENGINE_URL: engine.url,
      ROLLCALL_RATE: '100',
      ROLLCALL_QUEUE: redis.url,
      OOTO_APP_ID: testCredentials.appId,
      OOTO_APP_KEY: testCredentials.appKey,
      ...environment,
    },
    extendEnv: false,
    reject: false,
  });
}

/** The program, and all typings that it reaches. */
async function compile(options: Readonly<Record<string, unknown>>) {
  const compilerOptions = { target: 'es2023', strict: true, skipLibCheck: false, ...options };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, exitCode } = await run(process.execPath, [compiler]);
  return { stdout, exitCode };
}

const clean = { stdout: '', exitCode: 0 };
const commandLine = () => join(project, 'node_modules', '.bin', 'rollcall');
const installed = (...path: string[]) => join(project, 'node_modules', 'rollcall', ...path);

describe('the package, installed into an empty project', () => {
  it('is installed without a warning', () => {
    expect(install.exitCode, install.all).toBe(0);
    const warnings = install.all.split('\n').filter((line) => line.startsWith('npm warn'));
    // npm names packages whose scripts it does not run unasked. None of them is needed.
    expect(warnings.filter((line) => !line.startsWith('npm warn install-scripts'))).toEqual([]);
  });

  it('can be listed, each package with its checksum', async () => {
    const { stdout } = await execa('npm', ['run', '--silent', 'sbom'], { cwd: root });
    const { components } = JSON.parse(stdout) as { components: { name: string; hashes?: unknown[] }[] };
    expect(components.filter(({ hashes }) => hashes === undefined)).toEqual([]);
    const names = components.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['bullmq', 'fastify', '@aws-sdk/client-s3', '@img/sharp-darwin-arm64']),
    );
    expect(names).not.toContain('vitest');
  });

  it('has what its pages link to', async () => {
    const docs = await readdir(installed('docs'), { recursive: true });
    const pages = ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...docs.map((page) => join('docs', page))];
    const broken = pages.filter((page) => page.endsWith('.md')).map((page) => brokenLinks(installed(page)));
    expect((await Promise.all(broken)).flat()).toEqual([]);
  });

  it('has source maps with the sources in them', async () => {
    const files = await readdir(installed('dist'), { recursive: true });
    for (const file of files.filter((file) => file.endsWith('.js'))) {
      const [, map] =
        /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(await readFile(installed('dist', file), 'utf8')) ?? [];
      if (map === undefined) continue;
      const { sources, sourcesContent } = await readJson(installed('dist', dirname(file), map));
      expect(sourcesContent).toHaveLength((sources as string[]).length);
    }
    expect(files.some((file) => file.endsWith('.js.map'))).toBe(true);
  });

  it.each(['node16', 'bundler'])('has typings that compile with moduleResolution %s', async (resolution) => {
    const module = resolution === 'bundler' ? 'esnext' : resolution;
    expect(await compile({ module, moduleResolution: resolution, noEmit: true })).toEqual(clean);
  });

  it('compiles with nodenext, and runs, with the command line beside it', async () => {
    expect(await compile({ module: 'nodenext' })).toEqual(clean);
    const enrolled = await run(process.execPath, ['program.js']);
    expect(enrolled).toMatchObject({ stdout: 'a enrolled\nb enrolled', stderr: '', exitCode: 0 });
    const again = await run(commandLine(), ['run', 'photos', '--json']);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ total: 2, byStatus: { enrolled: 2 } });
    expect(engine.calls).toHaveLength(4);
    const { version } = await readJson(join(root, 'package.json'));
    expect(await run('npx', ['--no-install', 'rollcall', '--version'])).toMatchObject({ stdout: version });
  });

  it('is what require gives, too', async () => {
    const script =
      'console.log(typeof require("rollcall").openRollcall, require("rollcall/package.json").name)';
    const required = await run(process.execPath, ['--input-type=commonjs', '--no-warnings', '-e', script]);
    expect(required).toMatchObject({ stdout: 'function rollcall', stderr: '' });
  });

  it('says what to install for the local face models', async () => {
    const local = { ROLLCALL_ENGINE: 'local', ROLLCALL_ENGINE_URL: '' };
    const refused = await run(commandLine(), ['run', 'photos'], local);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('npm install @vladmandic/face-api@');
  });

  it('tells a Node.js that is too old in one sentence, in words that it can read', async () => {
    const main = installed('dist', 'cli', 'main.js');
    const { engines } = await readJson(installed('package.json'));
    expect(engines).toEqual({ node: '>=20.19' });
    const started = async (version: string) => {
      const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
      await writeFile(join(project, 'pretend.cjs'), pretend);
      const { stdout, stderr, exitCode } = await run(process.execPath, [
        '--require',
        './pretend.cjs',
        main,
        '--version',
      ]);
      return { stdout, stderr, exitCode };
    };
    for (const version of ['18.20.8', '20.18.3'])
      expect(await started(version)).toEqual({
        stdout: '',
        stderr: `rollcall needs Node.js 20.19 or newer; this is Node.js ${version}.`,
        exitCode: 2,
      });
    for (const version of ['20.19.0', '22.0.0', '24.1.0'])
      expect(await started(version)).toMatchObject({ stderr: '', exitCode: 0 });
    // Where package.json's "type" is unknown, such a line would be a syntax error.
    expect(await readFile(main, 'utf8')).not.toMatch(/^\s*(import|export)\s[^(]/m);
  });
});
