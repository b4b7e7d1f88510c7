import type { StateStore } from '../storage/state/state-store.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { type ForgetEntry, subjectMark } from './forget-entry.ts';
import {
  erasureLogFolder,
  forgetListFolder,
  listEntryFiles,
  readErasureFile,
  readForgetFile,
  runForgetListFolder,
} from './forget-files.ts';

/** What is known of a subject that was ever on the list. Times are milliseconds since 1970, 0 for never. */
export interface Forgotten {
  /** When it was forgotten last. */
  readonly since: number;
  /** When it was taken off the list last. */
  readonly allowedAt: number;
  /** Taken off the list since it was forgotten. */
  readonly isAllowed: boolean;
  /** On the run's own list, which the account's knows nothing of. */
  readonly isOwn: boolean;
  /** When its templates were last known to be gone. */
  readonly erasedAt: number;
}

/**
 * Who is not to be enrolled into an account, as of the last `refresh`. 40 bytes a subject, 50 to 63 with free places.
 */
export interface ForgottenSubjects {
  /** Reads what was added since the last time. @throws FaultError where it cannot be read */
  refresh(): Promise<void>;
  /** Undefined for a subject that was never on the list. */
  find(subjectId: string): Forgotten | undefined;
  isForgotten(subjectId: string): boolean;
}

/** `runId`: also the subjects that this run was given as not to enroll. `erasures`: reads the log as well, for `erasedAt`. */
export function createForgottenSubjects(options: {
  state: StateStore;
  account: string;
  runId?: string | undefined;
  erasures?: boolean;
}): ForgottenSubjects {
  const { state, account, runId, erasures = false } = options;
  const index = createHashIndex({ valueWords: 7 });
  /** Size of each file as it was read: those of the log grow. */
  const read = new Map<string, number>();
  let isEmpty = true;
  let refreshes = 0;

  function enter(mark: string, place: number, at: string): void {
    isEmpty = false;
    const words = index.enter(mark);
    const time = Date.parse(at);
    if (time > timeAt(words, place)) writeTime(words, place, time);
  }

  async function readNew(folder: string, readFile: (path: string) => Promise<void>): Promise<void> {
    for (const { name, sizeInBytes } of await listEntryFiles(state, folder)) {
      const path = `${folder}/${name}`;
      if (read.get(path) === sizeInBytes) continue;
      await readFile(path);
      read.set(path, sizeInBytes);
    }
  }

  const readList = (path: string) =>
    readForgetFile(state, path, ({ subject, kind, at }) => enter(subject, places[kind], at));

  const readOwnList = (path: string) =>
    readForgetFile(state, path, ({ subject }) => {
      isEmpty = false;
      index.enter(subject)[ownPlace] = 1;
    });

  const find = (subjectId: string): Forgotten | undefined => {
    if (isEmpty) return undefined;
    const words = index.find(subjectMark(account, subjectId));
    if (!words) return undefined;
    const since = timeAt(words, places.forget);
    const allowedAt = timeAt(words, places.allow);
    return {
      since,
      allowedAt,
      isAllowed: allowedAt > since,
      isOwn: words[ownPlace] === 1,
      erasedAt: timeAt(words, places.erased),
    };
  };

  return {
    async refresh() {
      await readNew(forgetListFolder(account), readList);
      // It grows only where the run is resumed with another list; on S3 each look is a request.
      if (runId !== undefined && refreshes % looksPerOwnLook === 0)
        await readNew(runForgetListFolder(runId), readOwnList);
      refreshes += 1;
      if (erasures)
        await readNew(erasureLogFolder(account), (path) =>
          readErasureFile(state, path, ({ subject, at }) => enter(subject, places.erased, at)),
        );
    },
    find,
    isForgotten(subjectId) {
      const found = find(subjectId);
      return found !== undefined && (found.isOwn || (found.since > 0 && !found.isAllowed));
    },
  };
}

const places: Readonly<Record<ForgetEntry['kind'] | 'erased', number>> = { forget: 0, allow: 2, erased: 4 };
const looksPerOwnLook = 6;
const ownPlace = 6;
const wordSize = 2 ** 32;

const timeAt = (words: Uint32Array, place: number) =>
  (words[place] ?? 0) * wordSize + (words[place + 1] ?? 0);

function writeTime(words: Uint32Array, place: number, time: number): void {
  words[place] = Math.floor(time / wordSize);
  words[place + 1] = time % wordSize;
}

/** What the ledger no longer holds, as of when this was opened. */
export interface ErasedSubjects {
  /** Whether the account's forget list names the subject, erased yet or not. */
  isForgotten(subjectId: string): boolean;
  /** Whether what was known of a subject at a time (ISO) no longer holds, since its templates were deleted. */
  isVoid(event: { readonly subjectId: string; readonly at: string }): boolean;
}

export async function openErasedSubjects(state: StateStore, account: string): Promise<ErasedSubjects> {
  const subjects = createForgottenSubjects({ state, account, erasures: true });
  await subjects.refresh();
  return {
    isForgotten: subjects.isForgotten,
    isVoid({ subjectId, at }) {
      const found = subjects.find(subjectId);
      if (!found || found.erasedAt === 0) return false;
      // While the subject is not enrolled, later times are those of another machine's clock.
      if (!found.isAllowed && found.erasedAt >= found.since) return true;
      return Date.parse(at) <= found.erasedAt;
    },
  };
}
