import { templateMark } from '../ledger/fingerprint.ts';
import { openErasedSubjects } from '../ledger/forgotten-subjects.ts';
import { createKnownPhotos, type Recognition } from '../ledger/known-photos.ts';
import { readLedger } from '../ledger/ledger-files.ts';
import type { ManifestLine, PlacedLine } from '../records/manifest.ts';
import type { Outcome } from '../records/report-line.ts';
import type { RunSettings } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { redactAddress } from '../util/redact-address.ts';
import type { Decision } from './decide.ts';

/** What the ledger says of a line of the manifest that would be enrolled; undefined where it knows nothing of it. */
export type LedgerLookup = (line: ManifestLine) => Recognition | undefined;

/** Reads the ledger of an account, for an incremental run. Rejects with the signal's reason when aborted. */
export async function openLedgerLookup(options: {
  state: StateStore;
  account: string;
  engine: string;
  settings: Pick<RunSettings, 'sameSubject' | 'repeat' | 'require'>;
  signal: AbortSignal;
}): Promise<LedgerLookup> {
  const { state, account, engine, settings, signal } = options;
  const known = createKnownPhotos({
    eachPhoto: settings.sameSubject === 'repeat' && settings.repeat === 'each',
    required: settings.require,
  });
  const erased = await openErasedSubjects(state, account);
  await readLedger(state, {
    account,
    signal,
    onEvent: (event) => {
      if (!erased.isVoid(event)) known.add(event);
    },
  });
  return ({ subjectId = '', photo = '', version, templateId }) => {
    const { address, secret } = redactAddress(photo);
    return known.recognise({
      subjectId,
      photo: address,
      // Addresses that differ only in what was taken out look the same: their bytes tell.
      version: secret ? undefined : version,
      template: templateMark({ engine, subjectId, templateId }),
    });
  };
}

/** A photo that would be fed, and what becomes of it by what the ledger knows: settled here, or fed with that knowledge. */
export function applyLedger(
  photo: PlacedLine,
  decision: Decision,
  ledgerLookup: LedgerLookup | undefined,
): { photo: PlacedLine; verdict: Decision } {
  const found = decision.kind === 'settle' ? undefined : ledgerLookup?.(photo.line);
  if (found === undefined) return { photo, verdict: decision };
  if (found.kind === 'compare') return { photo: { ...photo, known: found.known }, verdict: decision };
  return { photo, verdict: { kind: 'settle', outcome: outcomeOf(found) } };
}

function outcomeOf(found: Exclude<Recognition, { kind: 'compare' }>): Omit<Outcome, 'finishedAt'> {
  if (found.kind === 'rejected-before') return { status: 'skipped', reason: 'rejected-before' };
  return { status: 'skipped', reason: 'unchanged', stored: 'yes', enrolledAt: found.enrolledAt };
}
