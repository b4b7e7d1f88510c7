import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let parent: TemporaryFolder;
beforeEach(async () => {
  parent = await makeTemporaryFolder();
  for (const name of ['faces', 'faces-of-others']) {
    await mkdir(join(parent.path, name));
    await writeFile(join(parent.path, name, 'a.jpg'), 'photo');
  }
  await symlink(join(parent.path, 'faces-of-others'), join(parent.path, 'faces', 'out'));
  await symlink(join(parent.path, 'faces', 'a.jpg'), join(parent.path, 'in.jpg'));
});
afterEach(() => parent.remove());

const refused = 'lies where a client of the API may name none';

it.each([
  ['faces/a.jpg', undefined],
  ['faces/../faces/a.jpg', undefined],
  ['in.jpg', undefined],
  ['faces/none.jpg', 'is not there'],
  ['faces-of-others/a.jpg', refused],
  ['faces-of-others/none.jpg', refused],
  ['faces/out/a.jpg', refused],
  ['faces/../faces-of-others/a.jpg', refused],
  ['faces', refused],
  ['faces-of-others/list.zip!/../faces/a.jpg', refused],
  ['faces/list.zip!/a.jpg', 'is not there'],
  ['s3://others/list.zip!/a.jpg', refused],
  ['/etc/passwd', refused],
  ['/proc/self/environ', refused],
  ['s3://others/a.jpg', refused],
  ['s3://bucket-of-others/a.jpg', refused],
  ['s3:///a.jpg', refused],
  ['s3://bucket/a.jpg', 'neither a path nor'],
  ['file:///etc/passwd', 'neither a path nor'],
  ['http://127.0.0.1/a.jpg', 'neither a path nor'],
])('of a list that a client named, %s is read or refused: %s', async (address, problem) => {
  const reader = createPhotoReader({
    ...{ allowPrivate: false, timeoutInMs: 1_000 },
    allowedPlaces: { folders: [join(parent.path, 'faces')], buckets: ['bucket'] },
  });
  const place = /^\/|:/.test(address) ? address : join(parent.path, address);
  const read = await reader.read(place, new AbortController().signal);
  if (problem === undefined) expect(read).toMatchObject({ bytes: Buffer.from('photo') });
  else expect(read).toMatchObject({ problem: expect.stringContaining(problem), retryable: false });
});

it('without any place nothing is read', async () => {
  const reader = createPhotoReader({
    ...{ allowPrivate: false, timeoutInMs: 1_000 },
    allowedPlaces: { folders: [], buckets: [] },
  });
  const read = await reader.read(join(parent.path, 'faces', 'a.jpg'), new AbortController().signal);
  expect(read).toMatchObject({ problem: expect.stringContaining(refused) });
});
