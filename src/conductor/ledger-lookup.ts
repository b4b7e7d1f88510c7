import { templateMark } from '../ledger/fingerprint.ts';
import { openErasedSubjects } from '../ledger/forgotten-subjects.ts';
import { readTemplatesOfIdsWithBlanks } from '../ledger/ids-with-blanks.ts';
import { createKnownFolders } from '../ledger/known-folders.ts';
import { createKnownPhotos, type KnownPhotos } from '../ledger/known-photos.ts';
import { readLedger } from '../ledger/ledger-files.ts';
import type { ManifestLine } from '../records/manifest.ts';
import { areIdsFromPaths, type RunSettings } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { redactAddress } from '../util/redact-address.ts';
import type { Decision } from './decide.ts';

/** The decision over a line with what the ledger says of it: a photo to be called may need none, or goes with a hint. */
export type LedgerLookup = (line: ManifestLine, decision: Decision) => Decision;

type LookupSettings = Pick<
  RunSettings,
  'sameSubject' | 'repeat' | 'require' | 'incremental' | 'idFrom' | 'idsFromPaths' | 'replace'
>;

/** Whether a run asks the ledger: an incremental one, and one whose ids are inferred from paths. */
export const needsLedger = (settings: LookupSettings): boolean =>
  settings.incremental || checksFolders(settings);

const checksFolders = (settings: LookupSettings) => !settings.replace && areIdsFromPaths(settings) === true;

/** Reads the ledger of an account. Rejects with the signal's reason when aborted. */
export async function openLedgerLookup(options: {
  state: StateStore;
  account: string;
  engine: string;
  settings: LookupSettings;
  signal: AbortSignal;
}): Promise<LedgerLookup> {
  const { state, account, engine, settings, signal } = options;
  const known = settings.incremental
    ? createKnownPhotos({
        eachPhoto: settings.sameSubject === 'repeat' && settings.repeat === 'each',
        required: settings.require,
      })
    : undefined;
  const folders = checksFolders(settings) ? createKnownFolders(settings) : undefined;
  const erased = await openErasedSubjects(state, { engine, account });
  await readLedger(state, {
    account,
    signal,
    onEvent: (event) => {
      if (erased.isVoid(event)) return;
      known?.add(event);
      folders?.add(event);
    },
  });
  const withOtherFolder = (line: ManifestLine, decision: Decision): Decision => {
    if (decision.kind === 'settle') return decision;
    const { subjectId = '', photo = '' } = line;
    const otherFolder = folders?.find({ subjectId, photo: redactAddress(photo).address });
    return otherFolder ? { ...decision, otherFolder } : decision;
  };
  return (line, decision) => withOtherFolder(line, known ? lookUp(known, line, decision) : decision);

  function lookUp(
    known: KnownPhotos,
    { subjectId = '', writtenId, photo = '', version, templateId }: ManifestLine,
    decision: Decision,
  ): Decision {
    if (decision.kind === 'settle') return decision;
    const { address, secret } = redactAddress(photo);
    const recognise = (subjectId: string) =>
      known.recognise({
        subjectId,
        photo: address,
        // Addresses that differ only in what was taken out look the same: their bytes tell.
        version: secret ? undefined : version,
        template: templateMark({ engine, subjectId, templateId }),
      });
    const found = recognise(subjectId) ?? (writtenId === undefined ? undefined : recognise(writtenId));
    switch (found?.kind) {
      case undefined:
        return decision;
      case 'compare':
        return { ...decision, known: found.known };
      case 'rejected-before':
        return { kind: 'settle', outcome: { status: 'skipped', reason: 'rejected-before' } };
      case 'unchanged': {
        const { enrolledAt } = found;
        return {
          kind: 'settle',
          outcome: { status: 'skipped', reason: 'unchanged', stored: 'yes', enrolledAt },
        };
      }
    }
  }
}

/** Which template a subject has kept from when the blanks around its id were part of it. */
export async function openKeptTemplates(options: {
  state: StateStore;
  account: string;
  engine: string;
  signal: AbortSignal;
}): Promise<(subjectId: string) => string | undefined> {
  const { state } = options;
  const erased = await openErasedSubjects(state, options);
  return readTemplatesOfIdsWithBlanks(state, { ...options, erased });
}
