import type { CommandMoney } from '../../records/money.ts';
import type { Price } from '../../settings/price.ts';
import type { Rollcall } from '../open-rollcall.ts';

/** How `forgetSubjects` ended. */
export interface ForgetEnd {
  /** Subjects that were named, each once. */
  readonly subjects: number;
  /** Those whose templates are gone, all that were known of. */
  readonly erased: number;
  /** Among them, those that the same command had erased before it was stopped and started again. */
  readonly erasedBefore: number;
  /** Templates that the engine deleted. */
  readonly templatesDeleted: number;
  /** Templates that it did not have (any more). */
  readonly templatesGone: number;
  /** Those that could not be deleted, and why. */
  readonly failed: readonly { readonly subjectId: string; readonly message: string }[];
  /** Subjects one of whose templates was left alone, for another subject was enrolled under it since. */
  readonly leftToOthers: readonly string[];
  /** Subjects of whom neither this state nor the engine knew anything: perhaps they are written otherwise. */
  readonly unknown: readonly string[];
  /** Absolute path or address of what was added to the erasure log. */
  readonly log?: string;
  /** What the calls cost, over all starts of the command; absent: they have no price. */
  readonly money?: CommandMoney;
  /** Set where the account or the budget stopped it: what has to be fixed. The subjects are on the list; started again it goes on. */
  readonly waitsFor?: string;
}

export interface ForgetOptions {
  readonly signal: AbortSignal;
  /** Called if calls of others have to be waited for. */
  readonly onWait?: (wait: { runIds: readonly string[]; durationInMs: number }) => void;
  /** Called before the first call. `calls`: how many there are to be, if none has to be made again. */
  readonly onStart?: (start: { calls: number; price: Price | undefined }) => void;
  readonly onProgress?: (progress: { done: number; of: number }) => void;
}

export type ForgetTools = Pick<
  Rollcall,
  'settings' | 'state' | 'engine' | 'engineOf' | 'calledAccountOf' | 'queue' | 'limiter'
>;
