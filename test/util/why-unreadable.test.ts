import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { assertNewFile } from '../../src/cli/write-new-file.ts';
import { readDecisionsFile } from '../../src/runs/review/read-decisions-file.ts';
import { readSubjectList } from '../../src/runs/subject-list/read-subject-list.ts';
import { openLocalManifest } from '../../src/sources/manifest/local-manifest.ts';
import { readSecretFile } from '../../src/util/read-secret-file.ts';
import { whyUnreadable } from '../../src/util/why-unreadable.ts';
import { whyUnwritable } from '../../src/util/why-unwritable.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

const errorOf = (code: string) => Object.assign(new Error(`${code}: by the system`), { code });

test.each([
  ['EACCES', 'cannot be read (EACCES): give this user the right to read it'],
  ['EPERM', 'cannot be read (EPERM): give this user the right to read it'],
  ['EMFILE', 'cannot be read (EMFILE). This process may open no more files: allow it more'],
  ['EIO', 'cannot be read (EIO). The disk does not read or write any more'],
  ['EBADMSG', 'cannot be read (EBADMSG)'],
])('what may be done where a file cannot be read: %s', (code, words) => {
  expect(whyUnreadable(errorOf(code))).toContain(words);
});

test.each([
  ['EACCES', 'this user may not write into its folder; name a file elsewhere'],
  ['EROFS', 'its file system is read-only; name a file elsewhere'],
  ['ENOSPC', 'cannot be written (ENOSPC). The disk is full: make room'],
  ['EBADMSG', 'cannot be written (EBADMSG). Name another file'],
])('what may be done where a file cannot be written: %s', (code, words) => {
  expect(whyUnwritable(errorOf(code))).toContain(words);
});

describe('a file that somebody names', () => {
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    await mkdir(join(folder.path, 'folder'));
    await writeFile(join(folder.path, 'file'), 'text');
    await symlink('nowhere', join(folder.path, 'broken'));
    await symlink('loop', join(folder.path, 'loop'));
  });
  afterAll(() => folder.remove());

  const { signal } = new AbortController();
  const readers: Readonly<Record<string, (path: string) => unknown>> = {
    'decisions of a review': readDecisionsFile,
    'a list of subjects': (path) => readSubjectList(path, { setting: '--file', folder: '/', signal }),
    'a manifest': (path) => openLocalManifest(path),
    'a secret': (path) => readSecretFile('OOTO_APP_KEY_FILE', path),
  };
  const ails = [
    ['missing', 'is not there: check the path'],
    ['broken', 'is not there: check the path'],
    ['folder', 'is a folder: name a file'],
    ['file/inside', 'is not there, since a part of its path is a file and no folder: check the path'],
    ['loop', 'cannot be read (ELOOP): its links lead in a circle'],
  ] as const;
  const cases = Object.keys(readers).flatMap((reader) =>
    ails.map(([name, words]) => [reader, name, words] as const),
  );

  it.each(cases)('%s: %s', async (reader, name, words) => {
    const path = join(folder.path, name);
    const read = async () => readers[reader]?.(path);
    await expect(read()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`${path} ${words}`),
    });
  });

  it.each([
    ['none/new', 'its folder is not there: make it'],
    ['file/new', 'a part of its path is a file'],
    ['folder', 'exists already'],
  ])('a new one: %s', async (name, words) => {
    const look = assertNewFile({ file: join(folder.path, name), flag: '--output' });
    await expect(look).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(words) });
  });
});
