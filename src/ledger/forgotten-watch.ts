import type { Logger } from 'pino';
import type { StateStore } from '../storage/state/state-store.ts';
import { stopwatch } from '../util/stopwatch.ts';
import { withRetry } from '../util/with-retry.ts';
import { createForgottenSubjects, type ForgottenOptions } from './forgotten-subjects.ts';

const tryAgainInMs = 1_000;
const unreadable = 'the forget list cannot be read; no call is made until it can';

/** How often the list is looked at, and how old the latest look may be when a call is made. On S3 a look is a request. */
const timesOf = ({ kind }: StateStore) =>
  kind === 'local'
    ? { lookEveryInMs: 1_000, oldestInMs: 3_000 }
    : { lookEveryInMs: 5_000, oldestInMs: 10_000 };

/** A call that begins later than this after an entry was written knows of the entry, whichever process makes it. */
export const entriesAreKnownAfterInMs = (state: StateStore): number => timesOf(state).oldestInMs;

export interface Enrollment {
  readonly subjectId: string;
  readonly templateId: string;
}

/** The subject is forgotten, or the template id was erased for another one that is. */
export type Refusal = 'forgotten' | 'template-erased';

/** Knows who is forgotten, as of a few seconds ago at most. */
export interface ForgottenWatch {
  /**
   * Why a subject may not be enrolled under a template id; undefined: it may. Waits for the state where it does not
   * answer: without it no subject may be enrolled.
   * @throws the signal's reason when aborted
   */
  refusalOf(enrollment: Enrollment, signal: AbortSignal): Promise<Refusal | undefined>;
  stop(): void;
}

export function watchForgotten(
  options: ForgottenOptions & { readonly runId: string; readonly log: Pick<Logger, 'warn'> },
): ForgottenWatch {
  const { state, runId, log } = options;
  const { lookEveryInMs, oldestInMs } = timesOf(state);
  const subjects = createForgottenSubjects(options);
  let ageInMs = () => Number.POSITIVE_INFINITY;
  let looking: Promise<void> | undefined;

  /** One at a time, however many ask. */
  function look(): Promise<void> {
    const sinceAsked = stopwatch();
    looking ??= subjects
      .refresh()
      .then(() => {
        ageInMs = sinceAsked;
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }

  const timer = setInterval(() => look().catch(() => undefined), lookEveryInMs);
  timer.unref();

  return {
    async refusalOf(enrollment, signal) {
      while (ageInMs() > oldestInMs) {
        signal.throwIfAborted();
        await withRetry(look, {
          signal,
          pauseInMs: () => tryAgainInMs,
          onRetry: (error) => log.warn({ run: runId, reason: (error as Error).message }, unreadable),
        });
      }
      if (subjects.isForgotten(enrollment.subjectId)) return 'forgotten';
      return subjects.isErased(enrollment) ? 'template-erased' : undefined;
    },
    stop: () => clearInterval(timer),
  };
}
