import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { GivenSettings } from '../../src/engines/settings.ts';
import type { QueueBackend } from '../../src/queue/queue.ts';
import { createInbox, type Inbox } from '../../src/runs/inbox/inbox.ts';
import { openRollcall, type Rollcall } from '../../src/runs/open-rollcall.ts';
import { createServeApp } from '../../src/serve/create-app.ts';
import { createSessions } from '../../src/serve/security/sessions.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

export const token = 'a-token-of-this-test-alone';
export const withToken = { authorization: `Bearer ${token}` };
export const ownHost = 'localhost:8788';

export interface OpenApp {
  readonly app: FastifyInstance;
  readonly rollcall: Rollcall;
  readonly folder: string;
  /** What the server wrote into its log. */
  readonly log: string[];
}

/** The server over a state of its own, listening nowhere; without a queue, unless one is given. */
export async function openApp(
  options: { settings?: GivenSettings; host?: string; pageFolder?: string; queue?: QueueBackend } = {},
): Promise<OpenApp> {
  const { settings, host = '127.0.0.1', pageFolder = '/nowhere/' } = options;
  const folder = await makeTemporaryFolder();
  const log: string[] = [];
  const rollcall = await openRollcall({
    settings: { ...settings },
    environment: {},
    folder: folder.path,
    log: pino({ level: 'debug' }, { write: (line) => void log.push(line) }),
  });
  const served = options.queue ? withQueue(rollcall, options.queue) : rollcall;
  const { readOnly } = rollcall.settings;
  const closing = new AbortController();
  const app = await createServeApp(
    { rollcall: served, readOnly, signal: closing.signal, openQueue: () => options.queue },
    { host, token, readOnly, sessions: createSessions({ token, name: 'test' }) },
    { pageFolder },
  );
  onTestFinished(async () => {
    closing.abort();
    await app.close();
    await rollcall.close();
    await folder.remove();
  });
  return { app, rollcall, folder: folder.path, log };
}

/** The same, over a queue that is not its own. */
function withQueue(rollcall: Rollcall, queue: QueueBackend): Rollcall {
  const inboxes = new Map<string, Inbox>();
  const own: Rollcall = {
    ...rollcall,
    queue: async () => queue,
    inbox(name) {
      const inbox = inboxes.get(name) ?? createInbox(own, name);
      inboxes.set(name, inbox);
      return inbox;
    },
  };
  onTestFinished(async () => {
    for (const inbox of inboxes.values()) await inbox.close();
  });
  return own;
}
