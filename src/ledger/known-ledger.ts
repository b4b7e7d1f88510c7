import type { StateStore } from '../storage/state/state-store.ts';
import type { ErasedSubjects } from './forgotten-subjects.ts';
import { createKnownFolders, type KnownFolders } from './known-folders.ts';
import {
  type AskedPhoto,
  createKnownPhotos,
  type KnownPhotos,
  type KnownPhotosOptions,
} from './known-photos.ts';
import { readLedger } from './ledger-files.ts';
import { createKnownInSnapshot, type KnownInSnapshot } from './snapshot/known-in-snapshot.ts';
import { refreshSnapshot, whenNightBegins } from './snapshot/refresh-snapshot.ts';
import { openSnapshot, type Snapshot } from './snapshot/snapshot.ts';

/** What the ledger of an account says of photos, by its snapshot and the lines that this lacks, or by all lines. */
export interface KnownLedger {
  readonly photos: KnownPhotos | undefined;
  readonly folders: KnownFolders | undefined;
  /** To be awaited before these photos are asked for. */
  load(photos: readonly Pick<AskedPhoto, 'subjectId' | 'photo'>[]): Promise<void>;
  /** Lets go of files; `load` may be called again. */
  close(): Promise<void>;
}

/** `photos`, `folders`: what is asked for. Rejects with the signal's reason when aborted. */
export async function openKnownLedger(
  state: StateStore,
  options: {
    account: string;
    erased: Pick<ErasedSubjects, 'isVoid' | 'voidUntil'>;
    photos?: Pick<KnownPhotosOptions, 'eachPhoto' | 'required'> | undefined;
    folders?: { readonly idFrom: string } | undefined;
    signal: AbortSignal;
  },
): Promise<KnownLedger> {
  const { account, erased, signal } = options;
  const snapshot = await snapshotFor(state, options);
  let inSnapshot: KnownInSnapshot | undefined;
  if (snapshot) inSnapshot = createKnownInSnapshot({ state, snapshot, ...options });
  const photos =
    options.photos &&
    createKnownPhotos({
      ...options.photos,
      more: {
        held: (photo) => inSnapshot?.held(photo),
        verdict: (photo) => inSnapshot?.verdict(photo),
      },
    });
  const folders =
    options.folders &&
    createKnownFolders({
      ...options.folders,
      more: {
        inferred: (subjectId) => inSnapshot?.inferred(subjectId),
        contents: (subjectId) => inSnapshot?.contents(subjectId) ?? [],
      },
    });
  const readLines = (except?: ReadonlySet<string>) =>
    readLedger(state, {
      account,
      signal,
      ...(except && { except }),
      onEvent: (event) => {
        if (erased.isVoid(event)) return;
        photos?.add(event);
        folders?.add(event);
      },
    });
  try {
    await readLines(snapshot?.covers);
  } catch (error) {
    await snapshot?.close();
    throw error;
  }
  return {
    photos,
    folders,
    async load(asked) {
      if (!inSnapshot) return;
      try {
        await inSnapshot.load(asked);
      } catch {
        // Damaged, or another one since: the lines have all of it.
        inSnapshot = undefined;
        await readLines();
      }
    },
    close: async () => snapshot?.close(),
  };
}

async function snapshotFor(
  state: StateStore,
  options: { account: string; folders?: { readonly idFrom: string } | undefined; signal: AbortSignal },
): Promise<Snapshot | undefined> {
  const { account, folders, signal } = options;
  try {
    await refreshSnapshot(state, { account, folders, when: whenNightBegins, signal });
    const snapshot = await openSnapshot(state, account);
    if (!snapshot) return undefined;
    if (!folders || snapshot.facts.older === 0 || snapshot.facts.idFrom === folders.idFrom) return snapshot;
    await snapshot.close();
  } catch {
    // A disk that is full, or another process that writes one too: the lines have all of it.
    signal.throwIfAborted();
  }
  return undefined;
}
