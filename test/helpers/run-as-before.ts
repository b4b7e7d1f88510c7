import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scene } from './scene.ts';

/** A run that knows nothing of the ledger, as earlier versions did not ask it; afterwards the ledger has both. */
export async function runAsBefore(scene: Scene, run: () => Promise<unknown>): Promise<void> {
  const ledger = join(scene.stateFolder, 'ledger');
  const former = `${ledger}.former`;
  await rename(ledger, former);
  await run();
  await cp(former, ledger, { recursive: true });
  await rm(former, { recursive: true });
}
