import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  closeInbox,
  listRuns,
  openInbox,
  openRollcall,
  type Rollcall,
  readRunReport,
  waitForRun,
  workOnAll,
} from '../../src/index.ts';
import { takeLease } from '../../src/queue/lease.ts';
import { lookAtInbox } from '../../src/runs/inbox/look-at-inbox.ts';
import { processName } from '../../src/util/process-name.ts';
import { giveQueue } from '../helpers/embedded-queue.ts';
import { startEngineServer, testCredentials } from '../helpers/engine-server.ts';
import type { EngineServer } from '../helpers/engine-server-control.ts';
import { makePhoto } from '../helpers/photos.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

describe('an inbox', () => {
  let folder: TemporaryFolder;
  let engine: EngineServer;
  let rollcall: Rollcall;
  let photo: string;
  const opened: Rollcall[] = [];

  /** Without credentials, unless it is to work or to open inboxes. */
  async function open(environment: Record<string, string> = {}): Promise<Rollcall> {
    const settings = { state: folder.path, engine: 'ooto', engineUrl: engine.url, rate: 500 } as const;
    const one = await openRollcall({ settings, environment, folder: folder.path });
    opened.push(one);
    return one;
  }

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    await giveQueue(folder.path);
    engine = await startEngineServer({ credentials: testCredentials });
    rollcall = await open({ OOTO_APP_ID: testCredentials.appId, OOTO_APP_KEY: testCredentials.appKey });
    await mkdir(join(folder.path, 'photos'));
    photo = join(folder.path, 'photos', 'anna.jpg');
    await writeFile(photo, await makePhoto());
  });
  afterAll(async () => {
    for (const one of opened.reverse()) await one.close();
    await engine.close();
    await folder.remove();
  });

  it('is left to whoever waits for it; who had no turn has given nothing', async () => {
    await openInbox(rollcall, { name: 'turns' });
    const inbox = (await open()).inbox('turns');
    const { leases } = await rollcall.queue();
    const key = `inbox-${await rollcall.state.identity()}-turns`;
    const hold = async (which: string) => {
      const lease = await takeLease({ leases, key: which, holder: 'elsewhere:1:1', durationInMs: 3_600_000 });
      return until(() => lease);
    };
    const wish = await hold(`${key}-wish`);
    const early = inbox.add({ subjectId: 'anna', photo }, { longestWaitInMs: 500 });
    await expect(early).rejects.toMatchObject({
      kind: 'away',
      message: expect.stringContaining('turns, and this one had no turn for 0.5 seconds: try again.'),
    });
    const taking = await hold(key);
    await wish.release();
    const waiting = inbox.add({ subjectId: 'anna', photo }, { longestWaitInMs: 60_000 });
    // Its own wish is there, and is no reason to let go once it has its turn.
    await until(async () => (await leases.holder(`${key}-wish`)) === processName());
    await taking.release();
    expect(await waiting).toMatchObject({ seq: 1, repeated: false });
    expect(await leases.holder(`${key}-wish`)).toBeUndefined();
    await inbox.close();
  });

  it('takes photos in without credentials, and each gets one line; rolled over and closed, nothing is lost', async () => {
    const { runId: first } = await openInbox(rollcall, { name: 'door' });
    const service = await open();
    const inbox = service.inbox('door');
    const stop = new AbortController();
    const working = workOnAll(rollcall, { signal: stop.signal, onRun: () => {} });
    const picture = await makePhoto();

    expect(await inbox.add({ subjectId: 'anna', photo })).toEqual({ runId: first, seq: 1, repeated: false });
    const both = [
      { subjectId: 'bert', picture },
      { subjectId: 'carla', photo: './photos/anna.jpg', version: '1' },
    ];
    expect(await inbox.add(both, { key: 'k-1' })).toMatchObject([{ seq: 2 }, { seq: 3 }]);
    expect(await inbox.add(both, { key: 'k-1' })).toMatchObject([
      { seq: 2, repeated: true },
      { seq: 3, repeated: true },
    ]);
    await expect(inbox.add([...both].reverse(), { key: 'k-1' })).rejects.toMatchObject({
      kind: 'key-reused',
      index: 0,
    });

    await openInbox(rollcall, { name: 'door', rollInMs: 1 });
    await until(async () => (await lookAtInbox(rollcall.state, 'door')).count === 0);
    const next = await inbox.add({ subjectId: 'dora', picture });
    expect(next).toMatchObject({ seq: 1, repeated: false });
    expect(next.runId).not.toBe(first);
    expect(await inbox.add({ subjectId: 'dora', picture })).toEqual({ ...next, repeated: true });
    expect(await inbox.add(both, { key: 'k-1' })).toMatchObject([
      { runId: first, repeated: true },
      { runId: first, repeated: true },
    ]);
    await closeInbox(rollcall, 'door');
    await expect(inbox.add({ subjectId: 'late', photo })).rejects.toMatchObject({ kind: 'closed' });

    const lines = [];
    for (const { id } of await runsOf('door')) {
      await waitForRun(rollcall, id);
      for await (const line of readRunReport(rollcall, id)) lines.push(line);
      expect(await readdir(join(folder.path, 'runs', id, 'pictures')).catch(() => [])).toEqual([]);
    }
    expect(lines.map(({ subjectId, status }) => `${subjectId} ${status}`).sort()).toEqual(
      ['anna', 'bert', 'carla', 'dora'].map((id) => `${id} enrolled`),
    );
    stop.abort();
    await working;
  });

  async function runsOf(inbox: string) {
    return (await listRuns(rollcall)).filter(({ source }) => source === `inbox:${inbox}`);
  }
});
