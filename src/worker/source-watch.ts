import type { Logger } from 'pino';
import type { PhotoProblem } from '../photos/photo.ts';
import type { ReadPhoto } from '../photos/read-within-budget.ts';

/** Until credentials are read anew: each time it may cost a request to whoever gives them. */
const renewEveryInMs = 1_000;
/** Fewer different photos than this prove nothing about the source: they may be what is wrong. */
const photosToProve = 5;

/** As long as a queue or a listing is waited for. */
const longestWaitInMs = 120_000;

/** How long a source that cannot be read is waited for, in milliseconds. */
export const sourceWaitInMs = ({ giveUpAfter }: { readonly giveUpAfter: number }) =>
  Math.min(giveUpAfter, longestWaitInMs);

/** Between two tries to read from a source that is away. */
export const lookAtSourceInMs = 2_000;

/**
 * Whose fault it is that a photo cannot be read: its own, or that of the source, where no photo can be read (a drive that
 * is gone, credentials that expired, a store that is down or denies all). Then the run waits, its photos keep their
 * attempts, and the connection is made anew; once it has waited long enough, it pauses and says why. States: readable →
 * away → given up; a photo that is read makes it readable again.
 *
 * One answer alone may be either's: so the photo that was read last is asked for again. Where none was read yet, fewer than
 * five different photos are tried once more and then charged; from five on it is the source's fault.
 */
export interface SourceWatch {
  /** To be called when a photo was read; its address, unless only the engine fetches it. */
  noteRead(address?: string): void;
  /**
   * Unless it is the photo's fault, the photo is tried again, uncharged.
   * @throws the signal's reason when aborted
   */
  blame(problem: PhotoProblem, photo: { readonly seq: number; readonly signal: AbortSignal }): Promise<Blame>;
}

type Blame = 'photo' | 'source' | 'open';

export function createSourceWatch(options: {
  readonly readPhoto: ReadPhoto;
  /** Makes the connection to the source anew. */
  readonly renew: () => void;
  readonly waitInMs: number;
  /** Pauses the run. */
  readonly giveUp: (problem: string) => Promise<void>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  readonly now?: () => number;
}): SourceWatch {
  const { readPhoto, renew, waitInMs, giveUp, log, now = () => performance.now() } = options;
  let awayAt: number | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let hasGivenUp = false;
  let lastRead: string | undefined;
  /** Photos that could not be read before any other was. */
  const first = new Set<number>();

  async function decide({ seq, signal }: { seq: number; signal: AbortSignal }): Promise<Blame> {
    if (lastRead !== undefined) {
      // That it is larger than a byte shows as well that it can be read.
      const again = await readPhoto(lastRead, signal, 1);
      return 'problem' in again && again.fault !== undefined ? 'source' : 'photo';
    }
    const isAgain = first.has(seq);
    if (first.size < photosToProve) first.add(seq);
    if (first.size === photosToProve) return 'source';
    return isAgain ? 'photo' : 'open';
  }

  async function noteAway(problem: string): Promise<void> {
    if (awayAt === undefined) log.warn({ reason: problem }, 'the source cannot be read: its photos wait');
    awayAt ??= now();
    if (now() - renewedAt >= renewEveryInMs) {
      renewedAt = now();
      renew();
    }
    if (hasGivenUp || now() - awayAt < waitInMs) return;
    hasGivenUp = true;
    await giveUp(problem);
  }

  return {
    noteRead(address) {
      if (awayAt !== undefined) log.info('the source can be read again');
      awayAt = undefined;
      hasGivenUp = false;
      lastRead = address;
      first.clear();
    },
    async blame({ problem, fault }, photo) {
      const blame = fault === 'open' ? await decide(photo) : (fault ?? 'photo');
      if (blame === 'source') await noteAway(problem);
      return blame;
    },
  };
}
