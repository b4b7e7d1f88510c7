import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { listSource } from '../../src/conductor/list.ts';
import { createManifestProgress } from '../../src/conductor/manifest-progress.ts';
import { manifestSize } from '../../src/records/manifest.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { type QueueServer, startEmbeddedQueue } from '../helpers/queue-servers.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { setStage } from './conducting.ts';
import { givenSource } from './given-source.ts';

const { signal } = new AbortController();

describe('listing, while the lease is not fresh', () => {
  let server: QueueServer;
  beforeAll(async () => {
    server = await startEmbeddedQueue();
  });
  afterAll(() => server.close());

  it('writes nothing until it may, and then everything', async () => {
    const folder = await makeTemporaryFolder();
    onTestFinished(folder.remove);
    const state = createLocalStateStore(folder.path);
    const progress = createManifestProgress({ count: 0, sizeInBytes: 0 });
    let open = () => {};
    const door = new Promise<void>((resolve) => {
      open = resolve;
    });
    let asked = 0;
    const listing = listSource({
      ...{ state, runId: 'r', limit: undefined, progress, signal },
      openSource: async () => givenSource(1_500),
      mayWrite: () => {
        asked += 1;
        return door;
      },
    });
    // Longer than it takes to a write by the clock; a thousand photos are one by their number.
    await delay(600);
    expect(asked).toBeGreaterThan(0);
    expect(progress.end.count).toBe(0);
    expect(await manifestSize(state, 'r')).toBe(0);
    open();
    await listing;
    expect(progress.end.listed?.count).toBe(1_500);
  });

  it('a conductor that slept adds nothing to its list before its lease is renewed', async () => {
    const awake = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now');
    onTestFinished(() => clock.mockRestore());
    const photos = 20;
    const source = givenSource(photos, {
      before: async (index) => {
        // As if the process had slept past the end of its lease, and no more than that.
        if (index === 5) clock.mockImplementation(() => awake() + 21_000);
      },
    });
    const stage = await setStage(server, { source });
    onTestFinished(stage.close);
    const { leases } = stage.backend;
    const listedAtRenewal: number[] = [];
    const watched: typeof leases = {
      ...leases,
      async renew(request) {
        listedAtRenewal.push(await manifestSize(stage.state, stage.runId));
        return leases.renew(request);
      },
    };
    const end = await stage.conduct({ backend: { ...stage.backend, leases: watched } });
    expect(end).toMatchObject({ kind: 'over', summary: { total: photos } });
    expect(listedAtRenewal[0]).toBe(0);
  });
});
