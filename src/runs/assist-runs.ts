import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { readRunRecord } from '../records/run-record.ts';
import { UsageError } from '../util/errors.ts';
import { openPart, type WorkTools } from './join-run.ts';
import type { Rollcall } from './open-rollcall.ts';

const tryAgainInMs = 10_000;

/** This process's part in runs that another process of the same command takes part in, and conducts. */
export interface Assistance {
  join(runId: string): void;
  leave(runId: string): void;
  /** Leaves all of them, and joins no more; resolves when nothing is in work any more. */
  end(): Promise<void>;
}

interface Part {
  readonly left: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Works on photos of runs, and neither lists nor collects them. A fault of one run is logged and leaves the others alone;
 * that run is tried again later. `signal` asks to drain: calls in flight have the grace period from then on.
 */
export function openAssistance(
  rollcall: WorkTools & Pick<Rollcall, 'engineOf'>,
  signal: AbortSignal,
): Assistance {
  const parts = new Map<string, Part>();
  let hasEnded = false;

  async function assist(runId: string, left: AbortSignal): Promise<void> {
    while (!left.aborted) {
      try {
        const own = await openPart(rollcall, { ...(await findRun(rollcall, runId)), signal });
        own.worker.start();
        if (!left.aborted) await once(left, 'abort');
        await own.leave({ isOver: await isAtRest(rollcall, runId) });
      } catch (error) {
        const reason = (error as Error).message;
        rollcall.log.warn({ run: runId, reason }, 'a further process cannot work on the run; trying again');
        await delay(tryAgainInMs, undefined, { signal: left }).catch(() => {});
      }
    }
  }

  return {
    join(runId) {
      // What a process was told while it was being opened it hears last: nobody would tell it to leave.
      if (hasEnded) return;
      // It may be joined again while a call of the part before is in flight.
      const before = parts.get(runId)?.ended ?? Promise.resolve();
      const left = new AbortController();
      parts.set(runId, { left, ended: before.then(() => assist(runId, left.signal)) });
    },
    leave: (runId) => parts.get(runId)?.left.abort(),
    async end() {
      hasEnded = true;
      const all = [...parts.values()];
      for (const { left } of all) left.abort();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

async function findRun({ state, engineOf }: Pick<Rollcall, 'state' | 'engineOf'>, runId: string) {
  const record = await readRunRecord(state, runId);
  const opened = record && engineOf({ ...record, keepDemographics: record.settings.keepDemographics });
  if (opened) return { record, opened };
  throw new UsageError(
    'other-account',
    'the run is gone, or belongs to another account than the credentials',
  );
}

/** Nobody is to take part in it until somebody asks for it. */
async function isAtRest({ state }: Pick<Rollcall, 'state'>, runId: string): Promise<boolean> {
  const record = await readRunRecord(state, runId).catch(() => undefined);
  return record !== undefined && record.state !== 'active';
}
