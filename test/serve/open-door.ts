import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueueBackend } from '../../src/queue/queue.ts';
import { writeInbox } from '../../src/records/inbox/inbox.ts';
import { newRunSettings } from '../../src/runs/run-settings.ts';
import { createMemoryLeases } from '../account/memory-leases.ts';
import { settingsOf } from '../runs/run-settings.ts';
import { openApp, ownHost, withToken } from './open-app.ts';

export const doorUrl = '/api/v1/inboxes/door/photos';
export const headers = { host: ownHost, ...withToken };

/** A server with an open inbox, whose clients may name photos below `archive` and in the bucket `faces`, unless none at all. */
export async function openDoor({ maxWaiting = 100, isOpen = true, mayName = true } = {}) {
  const leases = createMemoryLeases(() => {
    if (door.isAway) throw new Error('redis://secret@queue is away');
  });
  const door = { isAway: false };
  const presence = { announce: async () => {}, withdraw: async () => {}, list: async () => [] };
  const places = mayName ? { allowRoot: 'archive', allowBucket: 'faces' } : {};
  const settings = { engine: 'ooto', ...places };
  const queue = { leases, presence } as unknown as QueueBackend;
  const opened = await openApp({ settings, queue });
  const { app, rollcall, folder } = opened;
  await mkdir(join(folder, 'archive'));
  await writeFile(join(folder, 'archive', '1.jpg'), 'x');
  await writeInbox(rollcall.state, {
    schema: 'rollcall.inbox-record/1',
    ...{ name: 'door', isOpen, engine: 'ooto', engineUrl: 'https://engine.example', account: 'account' },
    settings: newRunSettings({ settings: await settingsOf({}), given: {} }, { sameSubject: 'repeat' }),
    ...{ rollInMs: 86_400_000, maxWaiting, openedAt: new Date().toISOString() },
  });
  const photo = join(folder, 'archive', '1.jpg');
  const post = (payload: object | string, more: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: doorUrl, headers: { ...headers, ...more }, payload });
  const get = (place: string) => app.inject({ url: `/api/v1/inboxes${place}`, headers });
  const pictures = async (run: string) =>
    readdir(join(rollcall.settings.state, 'runs', run, 'pictures')).catch(() => []);
  return { ...opened, queue, door, photo, post, get, pictures };
}
