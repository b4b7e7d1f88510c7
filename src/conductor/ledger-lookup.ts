import { derivesUuids, followsFromSubject, templateIdOf } from '../engines/registry.ts';
import { templateMark } from '../ledger/fingerprint.ts';
import { openErasedSubjects } from '../ledger/forgotten-subjects.ts';
import { entriesAreKnownAfterInMs } from '../ledger/forgotten-watch.ts';
import { readTemplatesOfIdsWithBlanks } from '../ledger/ids-with-blanks.ts';
import { openKnownLedger } from '../ledger/known-ledger.ts';
import type { KnownPhotos } from '../ledger/known-photos.ts';
import type { AskedTemplate } from '../ledger/known-templates.ts';
import type { ManifestLine } from '../records/manifest.ts';
import { areIdsFromPaths, type RunSettings } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { redactAddress } from '../util/redact-address.ts';
import { isUuid5 } from '../util/template-id.ts';
import type { Decision } from './decide.ts';
import { takenTemplate } from './taken-template.ts';

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

const checksFolders = (settings: LookupSettings) => !settings.replace && areIdsFromPaths(settings) === true;

/**
 * Opens the ledger of an account: its snapshot and the lines that came after it; all lines where the state has no
 * snapshot. Rejects with the signal's reason when aborted.
 *
 * An undoing leaves alone whoever it finds in the list of a run that is not over. Whoever is listed later is looked up
 * in what the ledger says then, and the undoing has noted there what it is about to do.
 */
export async function openLedgerLookup(options: {
  state: StateStore;
  account: string;
  engine: string;
  settings: LookupSettings;
  /** How many photos of the list are durable by now. Default: all, however many there are. */
  listed?: () => number;
  signal: AbortSignal;
}): Promise<LedgerLookup> {
  const { state, account, engine, settings, listed = () => Number.POSITIVE_INFINITY, signal } = options;
  let listedBefore = listed();
  const erased = await openErasedSubjects(state, { engine, account });
  const ledger = await openKnownLedger(state, {
    account,
    engine,
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
  const { photos: known, folders, templates } = ledger;
  const areUuids = derivesUuids(engine);
  const oldestInMs = entriesAreKnownAfterInMs(state);
  let lookedAt = performance.now();
  /** Of the lines that are decided next, by their seqs. */
  let asked: ReadonlyMap<number, AskedTemplate> = new Map();
  const withOtherFolder = (line: ManifestLine, decision: Decision): Decision => {
    if (decision.kind === 'settle') return decision;
    const { subjectId = '', photo = '' } = line;
    const otherFolder = folders?.find({ subjectId, photo: redactAddress(photo).address });
    return otherFolder ? { ...decision, otherFolder } : decision;
  };
  return {
    async prepare(lines) {
      const last = lines.at(-1)?.seq ?? 0;
      if (known && last > listedBefore) {
        listedBefore = listed();
        await ledger.renew();
      } else if (performance.now() - lookedAt > oldestInMs) {
        lookedAt = performance.now();
        await ledger.renewTemplates();
      }
      if (lines.some(mayFollowFromOther)) await ledger.knowAllTemplates();
      asked = new Map(lines.flatMap((line) => askedTemplate(line)));
      await ledger.load(known || folders ? lines.flatMap(askedPhotos) : [], [...asked.values()]);
    },
    decide(line, decision) {
      if (decision.kind === 'settle') return decision;
      const template = asked.get(line.seq);
      const others = template && templates.others(template);
      if (others?.holder) return takenTemplate(others.holder);
      return withOtherFolder(line, known && !others?.wasTaken ? lookUp(known, line, decision) : decision);
    },
    close: ledger.close,
  };

  /** Whether its list gives it a template id that may be the one that follows from somebody else. */
  function mayFollowFromOther({ subjectId, templateId }: ManifestLine): boolean {
    if (subjectId === undefined || templateId === undefined || templates.knowsAll) return false;
    if (areUuids && !isUuid5(templateId)) return false;
    return !followsFromSubject({ engine, subjectId, templateId });
  }

  /** One that follows from its subject is nobody else's, unless a list gave such a one. */
  function askedTemplate({ seq, subjectId, templateId }: ManifestLine): [number, AskedTemplate][] {
    if (subjectId === undefined || (templateId === undefined && !templates.knowsAll)) return [];
    return [[seq, { subjectId, templateId: templateId ?? templateIdOf({ engine, subjectId }) }]];
  }

  /** By its id as it is and, where it was trimmed, as it was written. */
  function askedPhotos({ subjectId, writtenId, photo = '' }: ManifestLine) {
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
