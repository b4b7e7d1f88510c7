import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CommandEnd } from '../helpers/command-line.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { type BadCommand, badCommands } from './bad-commands.ts';
import { badFiles, badPhotos, manifestOf, pipePath } from './bad-photos.ts';
import { badReplies } from './bad-replies.ts';

describe('a command that cannot be carried out', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await openScene();
    await writeFiles(scene.folder, { 'archive/a.jpg': await makePhoto(), key: 'another-key' });
  });
  afterEach(() => writeFiles(scene.folder, { 'rollcall.config.json': '{}' }));
  afterAll(() => scene.close());

  function expectRefusal(end: CommandEnd, { says, exitCode }: BadCommand): void {
    for (const words of says) expect(end.stderr).toEqual(expect.stringContaining(String(words)));
    expect(end.stderr).not.toMatch(/\n {4}at |geheim|test-app-key/);
    expect(end.exitCode).toBe(exitCode);
    expect(scene.engine.calls).toEqual([]);
  }

  it.each(badCommands)('$name', async (command) => {
    const { args, files = {}, environment = {} } = command;
    await writeFiles(scene.folder, files);
    expectRefusal(await scene.run(args, { environment }), command);
  });

  it.each([2, 4])('as a process: its exit code is %d', async (exitCode) => {
    for (const command of badCommands.filter((command) => command.exitCode === exitCode).slice(0, 2)) {
      const { args, files = {}, environment = {} } = command;
      await writeFiles(scene.folder, files);
      expectRefusal(await scene.start(args, { environment }).ended, command);
    }
  });
});

describe('a manifest with rows and photos of all kinds', () => {
  it('gives every row its line, in order, and makes calls for the good ones only', async () => {
    const scene = await openScene();
    try {
      await writeFiles(scene.folder, {
        ...(await badFiles()),
        'people.csv': manifestOf(badPhotos.map(({ row }) => row)),
      });
      execFileSync('mkfifo', [pipePath(scene.folder)]);
      const end = await scene.run(['run', 'people.csv', '--repeat', 'each']);
      expect(end.exitCode).toBe(1);
      const [runId = ''] = await scene.runIds();
      const report = await scene.report(runId);
      const found = report.map(({ status, error }) => ({ status, kind: error?.kind }));
      expect(found).toEqual(badPhotos.map(({ status, kind }) => ({ status, kind })));
      for (const [index, { name, says = [] }] of badPhotos.entries()) {
        for (const words of says) expect(report[index]?.error?.message, name).toContain(words);
        expect(report[index], name).toMatchObject({ seq: index + 1, row: index + 1 });
      }
      expect(scene.engine.calls).toHaveLength(badPhotos.filter(({ status }) => status === 'enrolled').length);
    } finally {
      await scene.close();
    }
  });

  it('out of a spreadsheet: what is lost is said before, while and after', async () => {
    const scene = await openScene();
    try {
      const photo = await makePhoto();
      const names = ['p.jpg', 'sub/p.jpg', 'Andre\u0301.jpg'];
      await writeFiles(scene.folder, Object.fromEntries(names.map((name) => [name, photo])));
      const rows = [
        ...['#N/A,p.jpg', 'NULL,p.jpg', 'NULL,p.jpg', '3-Jan,p.jpg', '1E5,p.jpg'],
        ...['emp-1, p.jpg', 'emp-2\u00a0,sub\\p.jpg', 'Emp-2,Andr\u00e9.jpg', 'e\u200bmp,p.jpg'],
        ...Array.from({ length: 12 }, () => 'unknown,p.jpg'),
        '(21 rows)',
      ];
      await writeFiles(scene.folder, {
        'people.csv': `sep=,\r\nsubject_id,photo\r\n${rows.join('\r\n')}\r\n\x1a`,
      });
      const said = [
        /One subject id \("unknown"\) stands for at least 12 photos/,
        /Ids that differ only in upper and lower case.*"Emp-2" of photo 8 and that of photo 7/,
      ];
      for (const command of [
        ['run', 'people.csv', '--dry-run'],
        ['doctor', 'people.csv'],
      ]) {
        const { stdout } = await scene.run(command);
        for (const words of said) expect(stdout).toMatch(words);
      }
      const { stdout: forecast } = await scene.run(['run', 'people.csv', '--dry-run']);
      expect(forecast).toMatch(/\n {2}photo 1: row 1: .*"#N\/A" is the error of a formula/);
      expect(forecast).toMatch(/\n {2}photo 3: .*"NULL" looks like .*\n {2}…\n/);
      const { exitCode, stdout } = await scene.run(['run', 'people.csv', '--repeat', 'first']);
      expect(exitCode).toBe(1);
      expect(stdout).toContain('One subject id stands for at least 12 photos');
      expect(stdout).not.toContain('unknown');
      const [runId = ''] = await scene.runIds();
      const { byStatus, byCode, warnings, mostRepeated } = await scene.summary(runId);
      expect(byStatus).toMatchObject({ enrolled: 6, failed: 4, skipped: 11 });
      expect(byCode).toEqual({ manifest: 4 });
      expect(warnings).toEqual({
        'id-like-scientific': 1,
        'photo-trimmed': 1,
        'id-trimmed': 1,
        'id-invisible': 1,
        'photo-name-differs': 2,
      });
      expect(mostRepeated).toEqual({ photos: 12, seq: 11 });
      const report = await scene.report(runId);
      expect(report[0]?.error?.message).toContain('row 1: subject id "#N/A" is the error of a formula');
      expect(report[6]).toMatchObject({ subjectId: 'emp-2', status: 'enrolled' });

      const kept = await scene.run(['run', 'people.csv', '--new', '--keep-ids', '--json']);
      expect(JSON.parse(kept.stdout)).toMatchObject({ byStatus: { enrolled: 9, failed: 0, skipped: 12 } });
    } finally {
      await scene.close();
    }
  });

  it('goes on after lines of a JSONL manifest that are no photos', async () => {
    const scene = await openScene();
    try {
      const lines = [
        '{"id":"a","photo":"a.jpg"}',
        '{"id":"b","photo":',
        '[1,2]',
        'null',
        '{"photo":"a.jpg"}',
        '{"id":9007199254740993,"photo":"a.jpg"}',
        `{"id":"c","photo":"a.jpg","note":"${'x'.repeat(2 * 1024 * 1024)}"}`,
        `${'['.repeat(50_000)}`,
        '{"id":"z","photo":"a.jpg","__proto__":{"x":1}}',
      ];
      await writeFiles(scene.folder, { 'a.jpg': await makePhoto(), 'list.jsonl': lines.join('\n') });
      const end = await scene.run(['run', 'list.jsonl']);
      expect(end.exitCode).toBe(1);
      const [runId = ''] = await scene.runIds();
      const report = await scene.report(runId);
      const bad = lines.slice(1, -1);
      expect(report.map(({ status }) => status)).toEqual([
        'enrolled',
        ...bad.map(() => 'failed'),
        'enrolled',
      ]);
      for (const [index] of bad.entries()) {
        expect(report[index + 1]?.error).toMatchObject({
          kind: 'manifest',
          message: expect.stringContaining(`${index + 2}`),
        });
      }
    } finally {
      await scene.close();
    }
  });
});

describe('an engine that answers nonsense', () => {
  it('ends each photo as what can be known of it', async () => {
    const scene = await openScene();
    try {
      const photos = badReplies.map(
        async ({ script }, index) => [`archive/p${index + 10}.jpg`, await makePhoto({ script })] as const,
      );
      await writeFiles(join(scene.folder), Object.fromEntries(await Promise.all(photos)));
      const end = await scene.run([
        'run',
        './archive',
        '--max-attempts',
        '1',
        '--timeout',
        '2s',
        '--concurrency',
        '1',
      ]);
      expect(end.exitCode).toBe(1);
      const [runId = ''] = await scene.runIds();
      const report = await scene.report(runId);
      const found = report.map(({ status, stored, error }) => ({ status, stored, kind: error?.kind }));
      expect(found).toEqual(badReplies.map(({ status, stored, kind }) => ({ status, stored, kind })));
      expect(scene.engine.calls).toHaveLength(badReplies.length);
      expect(end.stdout + end.stderr + (await scene.text(runId, 'report.jsonl'))).not.toContain(
        'test-app-key',
      );
    } finally {
      await scene.close();
    }
  });
});
