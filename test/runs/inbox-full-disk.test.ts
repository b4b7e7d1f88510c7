import { execFile } from 'node:child_process';
import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { QueueBackend } from '../../src/queue/queue.ts';
import { writeInbox } from '../../src/records/inbox/inbox.ts';
import { listPictures } from '../../src/records/inbox/picture.ts';
import { createInbox, type Inbox } from '../../src/runs/inbox/inbox.ts';
import { lookAtInbox } from '../../src/runs/inbox/look-at-inbox.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { makePhoto } from '../helpers/photos.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { doorRecord, queueForInbox } from './inbox-record.ts';

const run = promisify(execFile);
const inKibibytes = 512;

let folder: TemporaryFolder;
let isMounted = false;
const inboxes: Inbox[] = [];
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  const mounting = run('mount', ['-t', 'tmpfs', '-o', `size=${inKibibytes}k`, 'tmpfs', folder.path]);
  isMounted = await mounting.then(
    () => true,
    () => false,
  );
});
afterEach(async () => {
  for (const inbox of inboxes.splice(0)) await inbox.close();
  if (isMounted) await run('umount', [folder.path]);
  await folder.remove();
});

it('takes nothing in while the disk is full, leaves nothing half-written, and goes on once there is room', async (context) => {
  if (!isMounted) context.skip('a disk of its own needs root, and the right to mount it');
  const state = createLocalStateStore(folder.path);
  await writeInbox(state, doorRecord);
  const backend = queueForInbox() as unknown as QueueBackend;
  const open = () => {
    const settings = { queue: 'embedded', sharedFiles: false };
    const tools = {
      state,
      queue: async () => backend,
      settings,
      folder: '/',
      log: pino({ level: 'silent' }),
    };
    const inbox = createInbox(tools, 'door');
    inboxes.push(inbox);
    return inbox;
  };
  const inbox = open();
  const picture = await makePhoto();
  const first = await inbox.add({ subjectId: 'anna', picture });
  const byPath = (subjectId: string) => ({ subjectId, photo: `/photos/${subjectId}.jpg`, version: '1' });
  const fillers = ['one', 'other'].map((name) => join(folder.path, name));
  const [filler = '', last = ''] = fillers;
  const size = await fill(filler);

  // The first of two fits, the second does not.
  await truncate(filler, size - 3 * page);
  const both = ['bert', 'carla'].map((subjectId) => ({
    subjectId,
    picture: Buffer.concat([picture, filling]),
  }));
  await expect(inbox.add(both)).rejects.toMatchObject({ kind: 'away', exitCode: 4 });
  expect(await listPictures(state, first.runId)).toHaveLength(1);
  await fill(last);
  const long = { ...byPath('dora'), metadata: { note: 'x'.repeat(9_000) } };
  await expect(inbox.add(long)).rejects.toMatchObject({ kind: 'away' });
  await expect(open().add(long)).rejects.toMatchObject({ kind: 'away' });
  expect(await listPictures(state, first.runId)).toHaveLength(1);
  expect(await drafts()).toEqual([]);

  for (const each of fillers) await rm(each);
  expect(await inbox.add(long)).toMatchObject({ runId: first.runId, seq: 2, repeated: false });
  expect(await inbox.add(both)).toMatchObject([{ seq: 3 }, { seq: 4 }]);
  expect(await inbox.add({ subjectId: 'anna', picture })).toEqual({ ...first, repeated: true });
  expect(await lookAtInbox(state, 'door')).toMatchObject({ run: first.runId, count: 4 });
});

const page = 4_096;
/** Makes a picture one of two pages. */
const filling = Buffer.alloc(1.5 * page);

/** Leaves no page. @returns the bytes that had room */
async function fill(path: string): Promise<number> {
  for (let size = inKibibytes * 1_024; size > 0; size -= page) {
    const isWritten = await writeFile(path, Buffer.alloc(size)).then(
      () => true,
      () => false,
    );
    if (isWritten) return size;
  }
  return 0;
}

async function drafts(): Promise<string[]> {
  const entries = await readdir(folder.path, { recursive: true });
  return entries.filter((name) => name.endsWith('.tmp'));
}
