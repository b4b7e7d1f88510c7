import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isDeadProcess } from '../util/process-name.ts';
import type { HeldRun } from './take-run.ts';

const lookEveryInMs = 5_000;

/**
 * Until the run stops: what a process of this machine had in work when it died is run again, without waiting for its locks
 * to expire.
 */
export async function adoptOrphans(
  { record, queue, stop: { signal } }: Pick<HeldRun, 'record' | 'queue' | 'stop'>,
  { log }: { log: Pick<Logger, 'info'> },
): Promise<void> {
  while (!signal.aborted) {
    const jobs = await queue.adoptFrom(isDeadProcess);
    if (jobs > 0) log.info({ run: record.id, jobs }, 'what a dead process had in work is run again');
    await delay(lookEveryInMs, undefined, { signal });
  }
}
