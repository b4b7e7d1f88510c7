import { templateMark } from '../ledger/fingerprint.ts';
import { openErasedSubjects } from '../ledger/forgotten-subjects.ts';
import { readTemplatesOfIdsWithBlanks } from '../ledger/ids-with-blanks.ts';
import { openKnownLedger } from '../ledger/known-ledger.ts';
import type { KnownPhotos } from '../ledger/known-photos.ts';
import type { ManifestLine } from '../records/manifest.ts';
import { areIdsFromPaths, type RunSettings } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { redactAddress } from '../util/redact-address.ts';
import type { Decision } from './decide.ts';

/** What the ledger says of the photos of a list. */
export interface LedgerLookup {
  /** To be awaited for the lines that are decided next. */
  prepare(lines: readonly ManifestLine[]): Promise<void>;
  /** The decision over such a line with what the ledger says: a photo to be called may need none, or goes with a hint. */
  decide(line: ManifestLine, decision: Decision): Decision;
  /** Lets go of files; `prepare` may be called again. */
  close(): Promise<void>;
}

type LookupSettings = Pick<
  RunSettings,
  'sameSubject' | 'repeat' | 'require' | 'incremental' | 'idFrom' | 'idsFromPaths' | 'replace'
>;

/** Whether a run asks the ledger: an incremental one, and one whose ids are inferred from paths. */
export const needsLedger = (settings: LookupSettings): boolean =>
  settings.incremental || checksFolders(settings);

const checksFolders = (settings: LookupSettings) => !settings.replace && areIdsFromPaths(settings) === true;

/**
 * Opens the ledger of an account: its snapshot and the lines that came after it; all lines where the state has no
 * snapshot. Rejects with the signal's reason when aborted.
 */
export async function openLedgerLookup(options: {
  state: StateStore;
  account: string;
  engine: string;
  settings: LookupSettings;
  signal: AbortSignal;
}): Promise<LedgerLookup> {
  const { state, account, engine, settings, signal } = options;
  const erased = await openErasedSubjects(state, { engine, account });
  const ledger = await openKnownLedger(state, {
    account,
    erased,
    photos: settings.incremental
      ? {
          eachPhoto: settings.sameSubject === 'repeat' && settings.repeat === 'each',
          required: settings.require,
        }
      : undefined,
    folders: checksFolders(settings) ? settings : undefined,
    signal,
  });
  const { photos: known, folders } = ledger;
  const withOtherFolder = (line: ManifestLine, decision: Decision): Decision => {
    if (decision.kind === 'settle') return decision;
    const { subjectId = '', photo = '' } = line;
    const otherFolder = folders?.find({ subjectId, photo: redactAddress(photo).address });
    return otherFolder ? { ...decision, otherFolder } : decision;
  };
  return {
    prepare: (lines) => ledger.load(lines.flatMap(asked)),
    decide: (line, decision) => withOtherFolder(line, known ? lookUp(known, line, decision) : decision),
    close: ledger.close,
  };

  /** By its id as it is and, where it was trimmed, as it was written. */
  function asked({ subjectId, writtenId, photo = '' }: ManifestLine) {
    const address = folders ? redactAddress(photo).address : photo;
    return [subjectId, writtenId].flatMap((id) =>
      id === undefined ? [] : [{ subjectId: id, photo: address }],
    );
  }

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
