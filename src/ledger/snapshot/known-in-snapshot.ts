import type { StateStore } from '../../storage/state/state-store.ts';
import type { ErasedSubjects } from '../forgotten-subjects.ts';
import { type FoldersElsewhere, folderOf, type Inferred, isSameFolder, mostNames } from '../known-folders.ts';
import {
  type AskedPhoto,
  type Holding,
  isEnough,
  isVerdict,
  type KnownElsewhere,
  type KnownPhotosOptions,
  newerOf,
  none,
} from '../known-photos.ts';
import type { AskedTemplate } from '../known-templates.ts';
import { compareTimes } from '../ledger-event.ts';
import type { TemplateHolders } from '../template-holders.ts';
import {
  contentOf,
  detailOf,
  type Entry,
  fileOf,
  folderOfEntry,
  isEnrolled,
  isHeld,
  isOfPhoto,
  isRejected,
  offsetOf,
  photoHash,
  printsOfEntry,
  templateSubject,
  timesOfEntry,
  wayOf,
} from './entry.ts';
import { createHoldersInSnapshot } from './holders-in-snapshot.ts';
import { readEventAt } from './read-event-at.ts';
import type { FoundEntries } from './read-table.ts';
import type { Snapshot } from './snapshot.ts';

type ListedPhoto = Pick<AskedPhoto, 'subjectId' | 'photo'>;

/**
 * What a snapshot says of the photos and templates that were loaded last, by the rules of `createKnownPhotos`,
 * `createKnownFolders` and `createKnownTemplates`.
 */
export interface KnownInSnapshot extends KnownElsewhere, FoldersElsewhere {
  /** To be awaited before these are asked for. @throws DamagedTable */
  load(photos: readonly ListedPhoto[], templates: readonly AskedTemplate[]): Promise<void>;
  holders(templateId: string): TemplateHolders | undefined;
}

export interface KnownInSnapshotOptions {
  readonly state: StateStore;
  readonly snapshot: Snapshot;
  readonly erased: Pick<ErasedSubjects, 'isVoid' | 'voidUntil'>;
  readonly photos?: Pick<KnownPhotosOptions, 'eachPhoto' | 'required'> | undefined;
  readonly folders?: { readonly idFrom: string } | undefined;
}

export function createKnownInSnapshot(options: KnownInSnapshotOptions): KnownInSnapshot {
  const {
    snapshot,
    erased,
    folders,
    photos: { eachPhoto, required } = { eachPhoto: false, required: [] },
  } = options;
  const { facts } = snapshot;
  const isFine = facts.required.map((passed) => isEnough(passed, required));
  const isVerdictNow = facts.checks.map((code) => isVerdict(code, required));
  const folderNames = createFolderNames(options);
  const holders = createHoldersInSnapshot(options);
  let loaded: FoundEntries = new Map();

  /** The subject's entries that no erasure has made void. */
  function entriesOf(subjectId: string): readonly Entry[] {
    const entries = loaded.get(subjectId) ?? [];
    const until = entries.length === 0 ? 0 : erased.voidUntil(subjectId);
    return until > 0 ? entries.filter((entry) => timesOfEntry(entry).at > until) : entries;
  }

  function inferred(subjectId: string): Inferred | undefined {
    const entry = newestOf(entriesOf(subjectId).filter(isHeld));
    if (!entry) return undefined;
    const folder = folderOfEntry(entry);
    return { times: timesOfEntry(entry), way: wayOf(entry), folder, name: folderNames.get(folder) };
  }

  return {
    async load(photos, templates) {
      const asked = [
        ...photos.map(({ subjectId }) => subjectId),
        ...templates.map(({ templateId }) => templateSubject(templateId)),
      ];
      loaded = await snapshot.find(asked, { withTail: folders !== undefined });
      await holders.take(loaded, templates);
      if (!folders) return;
      for (const { subjectId, photo } of photos) {
        const known = inferred(subjectId);
        if (!known || isSameFolder(known, folderOf(photo, folders.idFrom))) continue;
        await folderNames.learn(newestOf(entriesOf(subjectId).filter(isHeld)), folders.idFrom);
      }
    },
    held({ subjectId, photo }) {
      const entries = entriesOf(subjectId).filter(isHeld);
      const asked = eachPhoto && entries.length > 0 ? photoHash(photo) : undefined;
      return fold(
        asked ? entries.filter((entry) => isOfPhoto(entry, asked)) : entries,
        (entry) => isEnrolled(entry) && isFine[detailOf(entry)] === true,
      );
    },
    verdict({ subjectId, photo }) {
      const entries = entriesOf(subjectId).filter(
        (entry) => isRejected(entry) && isVerdictNow[detailOf(entry)],
      );
      if (entries.length === 0) return undefined;
      const asked = photoHash(photo);
      return fold(
        entries.filter((entry) => isOfPhoto(entry, asked)),
        () => true,
      );
    },
    holders: holders.holdersOf,
    inferred,
    contents: (subjectId) =>
      entriesOf(subjectId)
        .filter(isHeld)
        .map(contentOf)
        .filter((content) => content !== undefined),
  };
}

function fold(entries: readonly Entry[], isRecognised: (entry: Entry) => boolean): Holding | undefined {
  let holding: Holding | undefined;
  for (const entry of entries) {
    const prints = isRecognised(entry) ? printsOfEntry(entry) : none;
    holding = newerOf(holding, { times: timesOfEntry(entry), prints });
  }
  return holding;
}

function newestOf(entries: readonly Entry[]): Entry | undefined {
  let newest: Entry | undefined;
  for (const entry of entries)
    if (!newest || compareTimes(timesOfEntry(entry), timesOfEntry(newest)) > 0) newest = entry;
  return newest;
}

/** The names of folders, for messages: the snapshot has their marks only, the ledger's lines say them. */
function createFolderNames({ state, snapshot }: KnownInSnapshotOptions) {
  const names = new Map<string, string>();
  return {
    get: (mark: string) => names.get(mark),
    async learn(entry: Entry | undefined, idFrom: string): Promise<void> {
      if (!entry || names.size >= mostNames || names.has(folderOfEntry(entry))) return;
      const place = { file: fileOf(entry), offset: offsetOf(entry) };
      const event = await readEventAt(state, { snapshot, ...place });
      if (event) names.set(folderOfEntry(entry), event.folder ?? folderOf(event.photo, idFrom));
    },
  };
}
