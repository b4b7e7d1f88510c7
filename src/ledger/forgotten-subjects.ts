import { accountsCalled, readAccountAlias } from '../records/account-alias.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { timeAt, writeTimeAt } from '../util/word-time.ts';
import { createErasedTemplates } from './erased-templates.ts';
import type { ForgetEntry } from './forget-entry.ts';
import { runForgetListFolder } from './forget-files.ts';
import { createForgetReader } from './forget-reader.ts';

/** What is known of a subject that was ever on the list. Times are milliseconds since 1970, 0 for never. */
export interface Forgotten {
  /** When it was forgotten last, while it is on the engine's list; 0: it is not (any more). */
  readonly since: number;
  /** On the run's own list, which the engine's knows nothing of. */
  readonly isOwn: boolean;
  /** When its templates at this account were last known to be gone. */
  readonly erasedAt: number;
  /** Of all that is known of it the latest. */
  readonly latestAt: number;
}

/**
 * Who is not to be enrolled into an engine, as of the last `refresh`, whichever of its accounts is called. 40 bytes a
 * subject, 43 to 47 with free places.
 */
export interface ForgottenSubjects {
  /** Reads what was added since the last time. @throws FaultError where it cannot be read */
  refresh(): Promise<void>;
  /** Undefined for a subject that was never on the list. */
  find(subjectId: string): Forgotten | undefined;
  isForgotten(subjectId: string): boolean;
  /** Whether nobody was ever on the list. */
  isEmpty(): boolean;
  /** All marks that it may stand under, in the lists that were read. */
  marksOf(subjectId: string): string[];
  /** Whether any template id was erased, for whomever: mostly none was, and nobody need know the ids of a long list. */
  isAnyErased(): boolean;
  /** Whether a template id was erased for somebody who is still forgotten, and is not this subject. */
  isErased(template: { subjectId: string; templateId: string }): boolean;
}

export interface ForgottenOptions {
  readonly state: StateStore;
  readonly engine: string;
  /** Of the run or ledger: whose erasures are asked for. */
  readonly account: string;
  /** Also the subjects that this run was given as not to enroll. */
  readonly runId?: string | undefined;
}

export function createForgottenSubjects(options: ForgottenOptions): ForgottenSubjects {
  const { state, engine, account, runId } = options;
  const index = createHashIndex({ valueWords: 7 });
  const reader = createForgetReader(state, { engine, account });
  const templates = createErasedTemplates();
  let sameAccounts: ReadonlySet<string> | undefined;
  let isEmpty = true;

  function enter(mark: string, place: number, at: string): void {
    isEmpty = false;
    const words = index.enter(mark);
    const time = Date.parse(at);
    if (time > timeAt(words, place)) writeTimeAt(words, place, time);
  }

  /** What the state's own keys say of it, whichever of them an entry was made with. */
  function timesOf(subjectId: string): SubjectTimes {
    const times = { forget: 0, allow: 0, erased: 0, isOwn: false };
    for (const key of reader.keys()) addTimes(times, index.find(key.subjectMark(engine, subjectId)));
    return times;
  }

  const find = (subjectId: string): Forgotten | undefined => {
    if (isEmpty) return undefined;
    const all = [timesOf(subjectId)];
    for (const mark of reader.formerMarks(subjectId)) {
      const times = { forget: 0, allow: 0, erased: 0, isOwn: false };
      addTimes(times, index.find(mark));
      all.push(times);
    }
    return merge(all);
  };

  async function refresh(): Promise<void> {
    sameAccounts ??= await accountsOfSame(state, account);
    const isSame = (named: string) => sameAccounts?.has(named) ?? false;
    await reader.refresh({
      onEntry: ({ subject, kind, at }) => enter(subject, places[kind], at),
      onErasure: (erasure, calledAccount) => {
        const { subject, at } = erasure;
        if (isSame(calledAccount)) enter(subject, places.erased, at);
        templates.add(erasure);
      },
      ...(runId !== undefined && {
        ownFolder: runForgetListFolder(runId),
        onOwnEntry: ({ subject }: ForgetEntry) => {
          isEmpty = false;
          index.enter(subject)[ownPlace] = 1;
        },
      }),
    });
  }

  return {
    refresh,
    find,
    isEmpty: () => isEmpty,
    marksOf: (subjectId) => [
      ...reader.keys().map((key) => key.subjectMark(engine, subjectId)),
      ...reader.formerMarks(subjectId),
    ],
    isForgotten(subjectId) {
      const found = find(subjectId);
      return found !== undefined && (found.isOwn || found.since > 0);
    },
    isAnyErased: () => !templates.isEmpty(),
    isErased({ subjectId, templateId }) {
      if (templates.isEmpty()) return false;
      return reader.keys().some((key) => {
        const own = key.subjectMark(engine, subjectId);
        const erased = templates.find(key.templateMark(engine, templateId));
        return erased.some(({ subject, at }) => subject !== own && !isAllowedSince(subject, at));
      });
    },
  };

  function isAllowedSince(mark: string, erasedAt: number): boolean {
    const words = index.find(mark);
    const allowedAt = words ? timeAt(words, places.allow) : 0;
    return allowedAt > erasedAt && words !== undefined && allowedAt > timeAt(words, places.forget);
  }
}

/** The accounts of runs and ledgers that call the same account as this one. */
async function accountsOfSame(state: StateStore, account: string): Promise<ReadonlySet<string>> {
  const called = (await readAccountAlias(state, account))?.called ?? account;
  return new Set([account, ...(await accountsCalled(state, called))]);
}

interface SubjectTimes {
  forget: number;
  allow: number;
  erased: number;
  isOwn: boolean;
}

function addTimes(times: SubjectTimes, words: Uint32Array | undefined): void {
  if (!words) return;
  times.forget = Math.max(times.forget, timeAt(words, places.forget));
  times.allow = Math.max(times.allow, timeAt(words, places.allow));
  times.erased = Math.max(times.erased, timeAt(words, places.erased));
  times.isOwn ||= words[ownPlace] === 1;
}

/**
 * The first are those of now, which hold for all accounts of the engine; the others of former accounts: who was allowed
 * at one of them is still forgotten at another. Pure.
 */
function merge([now, ...former]: readonly SubjectTimes[]): Forgotten | undefined {
  const all = [...(now ? [now] : []), ...former];
  const latestAt = latest(all.flatMap(({ forget, allow, erased }) => [forget, allow, erased]));
  const isOwn = all.some((times) => times.isOwn);
  if (latestAt === 0 && !isOwn) return undefined;
  const allowedAt = now?.allow ?? 0;
  const holding = all.filter(({ forget, allow }) => forget >= Math.max(allow, allowedAt));
  return {
    since: latest(holding.map(({ forget }) => forget)),
    isOwn,
    erasedAt: latest(all.map(({ erased }) => erased)),
    latestAt,
  };
}

const latest = (times: readonly number[]) => times.reduce((most, time) => Math.max(most, time), 0);

const places: Readonly<Record<ForgetEntry['kind'] | 'erased', number>> = { forget: 0, allow: 2, erased: 4 };
const ownPlace = 6;

/** What the ledger no longer holds, as of when this was opened. */
export interface ErasedSubjects {
  /** Whether the engine's forget list names the subject, erased yet or not. */
  isForgotten(subjectId: string): boolean;
  /**
   * Up to which time (milliseconds since 1970) what was known of a subject no longer holds, since its templates were
   * deleted; below all times for one of whom nothing was.
   */
  voidUntil(subjectId: string): number;
  /** The same of one event, whose time is an ISO time. */
  isVoid(event: { readonly subjectId: string; readonly at: string }): boolean;
}

export async function openErasedSubjects(
  state: StateStore,
  { engine, account }: { engine: string; account: string },
): Promise<ErasedSubjects> {
  const subjects = createForgottenSubjects({ state, engine, account });
  await subjects.refresh();
  function voidUntil(subjectId: string): number {
    const found = subjects.find(subjectId);
    if (!found || found.erasedAt === 0) return Number.NEGATIVE_INFINITY;
    // While the subject is not enrolled, later times are those of another machine's clock.
    if (found.since > 0 && found.erasedAt >= found.since) return Number.POSITIVE_INFINITY;
    return found.erasedAt;
  }
  return {
    isForgotten: subjects.isForgotten,
    voidUntil,
    isVoid({ subjectId, at }) {
      const until = voidUntil(subjectId);
      return until > 0 && Date.parse(at) <= until;
    },
  };
}
