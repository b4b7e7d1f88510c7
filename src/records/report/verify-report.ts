import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError } from '../../util/errors.ts';
import { parseAs } from '../../util/json-text.ts';

const chunkInBytes = 4 * 1024 * 1024;
const knownSchema = z.object({ reportSha256: z.string() });

/**
 * Whether the report of a finished run is the one that was written: its SHA-256 stands in `summary.json`. A summary without
 * one, or one that is damaged, says nothing of it.
 * @throws FaultError for a report that was cut off, changed by hand, or removed
 */
export async function verifyReport(state: StateStore, runFolder: string): Promise<void> {
  const summary = (await state.read(`${runFolder}/summary.json`))?.toString() ?? '';
  const known = parseAs(knownSchema, summary)?.reportSha256;
  const path = `${runFolder}/report.jsonl`;
  if (known === undefined || (await hashOf(state, path)) === known) return;
  throw new FaultError(
    'report-changed',
    `${state.locate(path)} is not the report that the run ended with: it was cut off, edited or removed since (its ` +
      'SHA-256 is not that of summary.json). Restore it from a backup. What is enrolled does not depend on it: the ledger ' +
      'knows that, and rollcall run <source> --incremental enrolls what is missing.',
  );
}

async function hashOf(state: StateStore, path: string): Promise<string | undefined> {
  const sizeInBytes = await state.size(path);
  if (sizeInBytes === undefined) return undefined;
  const hash = createHash('sha256');
  for (let offset = 0; offset < sizeInBytes; offset += chunkInBytes)
    hash.update(await state.readRange(path, { offset, sizeInBytes: chunkInBytes }));
  return hash.digest('hex');
}
