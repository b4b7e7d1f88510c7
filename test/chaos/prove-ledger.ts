import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readLedger } from '../../src/ledger/ledger-files.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { readReport } from './run-files.ts';
import type { Scene } from './scene.ts';

/** Proves that the ledger knows of each photo what the scene's latest run came to. */
export async function proveLedger({ stateFolder }: Scene, runId: string): Promise<void> {
  const state = createLocalStateStore(stateFolder);
  const newest = new Map<string, string>();
  for (const account of await readdir(join(stateFolder, 'ledger'))) {
    const onEvent = ({ subjectId, at }: { subjectId: string; at: string }) => {
      if (at > (newest.get(subjectId) ?? '')) newest.set(subjectId, at);
    };
    await readLedger(state, { account, onEvent });
  }
  const report = await readReport(join(stateFolder, 'runs', runId));
  assert.deepEqual(
    report.map(({ subjectId = '' }) => newest.get(subjectId)),
    report.map(({ finishedAt }) => finishedAt),
  );
}
