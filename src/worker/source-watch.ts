import type { Logger } from 'pino';

/** Until credentials are read anew: each time it may cost a request to whoever gives them. */
const renewEveryInMs = 1_000;

/**
 * Whose fault it is that a photo cannot be read: its own, or that of the source, where no photo can be read at all (a drive
 * that is gone, credentials that expired). Then the run waits, its photos keep their attempts, and the connection is made
 * anew; once it has waited long enough, it pauses and says why. States: readable → away → given up; a photo that is read
 * makes it readable again.
 */
export interface SourceWatch {
  noteRead(): void;
  /** Resolves when the photo may go back to the queue. */
  noteAway(problem: string): Promise<void>;
}

export function createSourceWatch(options: {
  /** Makes the connection to the source anew. */
  readonly renew: () => void;
  readonly waitInMs: number;
  /** Pauses the run. */
  readonly giveUp: (problem: string) => Promise<void>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  readonly now?: () => number;
}): SourceWatch {
  const { renew, waitInMs, giveUp, log, now = () => performance.now() } = options;
  let awayAt: number | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let hasGivenUp = false;
  return {
    noteRead() {
      if (awayAt !== undefined) log.info('the source can be read again');
      awayAt = undefined;
      hasGivenUp = false;
    },
    async noteAway(problem) {
      if (awayAt === undefined) log.warn({ reason: problem }, 'the source cannot be read: its photos wait');
      awayAt ??= now();
      if (now() - renewedAt >= renewEveryInMs) {
        renewedAt = now();
        renew();
      }
      if (hasGivenUp || now() - awayAt < waitInMs) return;
      hasGivenUp = true;
      await giveUp(problem);
    },
  };
}
