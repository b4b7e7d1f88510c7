import { derivesUuids } from '../engines/registry.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import type { ErasedSubjects } from './forgotten-subjects.ts';
import { createKnownFolders, type KnownFolders } from './known-folders.ts';
import {
  type AskedPhoto,
  createKnownPhotos,
  type KnownPhotos,
  type KnownPhotosOptions,
} from './known-photos.ts';
import { type AskedTemplate, createKnownTemplates, type KnownTemplates } from './known-templates.ts';
import { readLedger } from './ledger-files.ts';
import { createKnownInSnapshot, type KnownInSnapshot } from './snapshot/known-in-snapshot.ts';
import { answers, refreshSnapshot, whenNightBegins } from './snapshot/refresh-snapshot.ts';
import { openSnapshot, type Snapshot } from './snapshot/snapshot.ts';

/** What the ledger of an account says of photos, by its snapshot and the lines that this lacks, or by all lines. */
export interface KnownLedger {
  readonly photos: KnownPhotos | undefined;
  readonly folders: KnownFolders | undefined;
  readonly templates: Pick<KnownTemplates, 'others' | 'knowsAll'>;
  /** To be awaited before these are asked for. */
  load(
    photos: readonly Pick<AskedPhoto, 'subjectId' | 'photo'>[],
    templates: readonly AskedTemplate[],
  ): Promise<void>;
  /** To be awaited before a template is asked for that may follow from somebody else than who asks. */
  knowAllTemplates(): Promise<void>;
  /** Reads what other runs and undoings have written since. */
  renew(): Promise<void>;
  /** The same of templates alone: of a long run's lines those that are of interest to another are few. */
  renewTemplates(): Promise<void>;
  /** Lets go of files; `load` may be called again. */
  close(): Promise<void>;
}

interface KnownLedgerOptions {
  readonly account: string;
  readonly engine: string;
  readonly erased: Pick<ErasedSubjects, 'isVoid' | 'voidUntil'>;
  readonly photos?: Pick<KnownPhotosOptions, 'eachPhoto' | 'required'> | undefined;
  readonly folders?: { readonly idFrom: string } | undefined;
  readonly signal: AbortSignal;
}

/** `photos`, `folders`: what is asked for. Rejects with the signal's reason when aborted. */
export async function openKnownLedger(state: StateStore, options: KnownLedgerOptions): Promise<KnownLedger> {
  const { account, engine, erased, signal } = options;
  let snapshot: Snapshot | undefined;
  let inSnapshot: KnownInSnapshot | undefined;
  let read: ReadonlySet<string> = new Set();
  let readForTemplates = read;
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
  const templates = createKnownTemplates({ more: (templateId) => inSnapshot?.holders(templateId) });

  async function readLines(except?: ReadonlySet<string>): Promise<void> {
    const isAsked = photos !== undefined || folders !== undefined;
    read = await readLedger(state, {
      account,
      signal,
      ...(except && { except }),
      ...(!isAsked && { isOfInterest: isOfTemplates }),
      onEvent(event) {
        const isVoid = erased.isVoid(event);
        templates.add(event, { isVoid });
        if (isVoid) return;
        photos?.add(event);
        folders?.add(event);
      },
    });
    readForTemplates = read;
  }

  /** Most lines need not be parsed: what they say follows from their subjects. */
  const isOfTemplates = (text: string) =>
    templates.knowsAll || text.includes('"templateIdFrom"') || text.includes('"undone"');

  async function open(): Promise<void> {
    await snapshot?.close();
    inSnapshot = undefined;
    snapshot = await snapshotFor(state, { ...options, allTemplates: templates.knowsAll });
    if (snapshot) inSnapshot = createKnownInSnapshot({ state, snapshot, ...options });
    try {
      await readLines(snapshot?.covers);
    } catch (error) {
      await snapshot?.close();
      throw error;
    }
  }

  async function knowAllTemplates(): Promise<void> {
    if (templates.knowsAll) return;
    templates.knowAll();
    await open();
  }

  /** An id that a list gave, and that may follow from somebody else. */
  async function knowEnough(): Promise<void> {
    const given = [templates.given, snapshot?.facts.given ?? 'none'];
    const isUnsure = given.some((ids) => ids === 'uuids-5' || (ids === 'others' && !derivesUuids(engine)));
    if (isUnsure) await knowAllTemplates();
  }

  await open();
  await knowEnough();
  return {
    photos,
    folders,
    templates,
    knowAllTemplates,
    async load(asked, askedTemplates) {
      if (!inSnapshot) return;
      try {
        await inSnapshot.load(asked, askedTemplates);
      } catch {
        // Damaged, or another one since: the lines have all of it.
        inSnapshot = undefined;
        await readLines();
      }
    },
    async renew() {
      await readLines(read);
      await knowEnough();
    },
    async renewTemplates() {
      readForTemplates = await readLedger(state, {
        ...{ account, signal, except: readForTemplates, isOfInterest: isOfTemplates },
        onEvent: (event) => templates.add(event, { isVoid: erased.isVoid(event) }),
      });
      await knowEnough();
    },
    close: async () => snapshot?.close(),
  };
}

async function snapshotFor(
  state: StateStore,
  options: Pick<KnownLedgerOptions, 'account' | 'folders' | 'signal'> & { readonly allTemplates: boolean },
): Promise<Snapshot | undefined> {
  const { account, folders, allTemplates, signal } = options;
  const asked = { folders, ...(allTemplates && { allTemplates }) };
  try {
    await refreshSnapshot(state, { account, ...asked, when: whenNightBegins, signal });
    const snapshot = await openSnapshot(state, account);
    if (!snapshot || answers(snapshot.facts, asked)) return snapshot;
    await snapshot.close();
  } catch {
    // A disk that is full, or another process that writes one too: the lines have all of it.
    signal.throwIfAborted();
  }
  return undefined;
}
