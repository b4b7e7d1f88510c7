import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../engines/engine.ts';
import { AccountPausedError } from '../gate/gate.ts';
import type { ByteBudget } from '../photos/byte-budget.ts';
import type { PhotoJobData } from '../queue/job.ts';
import type { PhotoJob, WorkResult } from '../queue/queue.ts';
import type { Outcome } from '../report/record.ts';
import type { RunSettings } from '../run/run-record.ts';
import { eitherSignal } from './either-signal.ts';
import { enrollFlagsOf } from './enroll-flags.ts';
import { fetchPhoto, type ReadyPhoto } from './fetch-photo.ts';
import { countReply, type Judgement, judgeReply, type Tries } from './judge-reply.ts';
import { BudgetSpentError, type CallContext, makeCall } from './make-call.ts';
import type { ReadPhoto } from './read-within.ts';
import { recogniseContent } from './recognise-content.ts';
import { retryDelayInMs } from './retry-delay.ts';
import {
  type ForgottenContext,
  forgottenOutcome,
  SubjectForgottenError,
  unlessForgotten,
} from './unless-forgotten.ts';

/** What a worker needs to turn the photo jobs of one run into outcomes. */
export interface WorkContext extends CallContext, ForgottenContext {
  readonly settings: RunSettings;
  readonly engine: Engine;
  readonly readPhoto: ReadPhoto;
  /** For the photos of the run that are in memory at a time. */
  readonly memory: ByteBudget;
  /** The whole address of a photo, with the signature that the job does not carry. */
  readonly addressOf: (data: PhotoJobData) => Promise<string>;
}

/**
 * One photo from job to outcome: fetch, prepare, wait at the gate, call. What is wrong with a photo is an outcome, never
 * an exception; when the process drains, the photo goes back to the queue with what was tried so far.
 */
export async function workPhoto(
  { data }: PhotoJob,
  context: WorkContext,
  signal: AbortSignal,
): Promise<WorkResult> {
  const { settings, draining, engine } = context;
  let tries: Tries = { ...data.tries, startedAt: data.tries.startedAt ?? new Date().toISOString() };
  const later = (failures: number): WorkResult => {
    const delayInMs = failures > 0 ? retryDelayInMs({ attempt: failures, ...settings.backoff }) : 0;
    return { again: { delayInMs, data: { ...data, tries } } };
  };
  const either = eitherSignal(draining, signal);
  const share = context.memory.open(either.signal);
  try {
    await unlessForgotten(context, data.subjectId, signal);
    const address = await context.addressOf(data);
    const ready = await fetchPhoto({
      data,
      address,
      signal,
      rules: engine.accepts,
      settings,
      share,
      readPhoto: context.readPhoto,
      recognise: (sha256) =>
        recogniseContent({ data, sha256, engine: engine.name, templateId: templateIdOf(data, engine) }),
    });
    if ('problem' in ready) {
      signal.throwIfAborted();
      tries = { ...tries, reads: tries.reads + 1 };
      if (ready.retryable && tries.reads < settings.maxAttempts) return later(tries.reads);
      return {
        outcome: finish(
          { status: 'failed', stored: storedBefore(tries), error: { kind: 'photo', message: ready.problem } },
          tries,
        ),
      };
    }
    if ('recognised' in ready) return { outcome: finish(ready.recognised, tries, ready.facts) };
    while (true) {
      const onTries = (after: Tries) => {
        tries = after;
      };
      const judgement = await callOnce({ data, ready, tries, onTries, context, signal });
      if (judgement.kind === 'outcome') return { outcome: finish(judgement.outcome, tries, ready.facts) };
      if (judgement.kind === 'try-later') return later(judgement.failures);
    }
  } catch (error) {
    if (error instanceof SubjectForgottenError)
      return { outcome: finish(forgottenOutcome(tries, templateIdOf(data, engine)), tries) };
    if (error instanceof AccountPausedError || error instanceof BudgetSpentError)
      await hold(draining, signal);
    else if (!signal.aborted && !draining.aborted) throw error;
    return later(0);
  } finally {
    share.release();
    either.clear();
  }
}

/** Waits at the gate, calls, and takes the reply into the account's health and the photo's tries. */
async function callOnce(options: {
  data: PhotoJobData;
  ready: ReadyPhoto;
  tries: Tries;
  /** Told what the call came to, also where it was aborted. */
  onTries: (tries: Tries) => void;
  context: WorkContext;
  signal: AbortSignal;
}): Promise<Judgement> {
  const { data, ready, onTries, context, signal } = options;
  const { engine, settings } = context;
  const templateId = templateIdOf(data, engine);
  const checks = { liveness: settings.checkLiveness, deepfake: settings.checkDeepfake };
  const { reply, charged } = await makeCall({
    context,
    signal,
    runId: data.run,
    photo: `${data.run}/${data.seq}`,
    attemptsBefore: options.tries.attempts,
    call: async (callSignal, onSent) => {
      await unlessForgotten(context, data.subjectId, callSignal);
      return engine.enroll({
        photo: ready.bytes,
        format: ready.format,
        templateId,
        checks,
        flags: enrollFlagsOf(settings),
        signal: callSignal,
        onSent,
      });
    },
    onUnanswered: () => onTries({ ...options.tries, calls: options.tries.calls + 1, storedUnknown: true }),
  });
  const tries = countReply(options.tries, reply, charged);
  onTries(tries);
  const { maxAttempts, require: required } = settings;
  return judgeReply({ reply, charged, tries, maxAttempts, required, templateIdSent: templateId });
}

const templateIdOf = (data: PhotoJobData, engine: Engine) =>
  data.templateId ?? engine.templateIdFor(data.subjectId);

const storedBefore = (tries: Tries) => (tries.storedUnknown ? 'unknown' : 'no');

function finish(answer: Omit<Outcome, 'finishedAt'>, tries: Tries, facts: ReadyPhoto['facts'] = {}): Outcome {
  const { attempts } = tries;
  const warnings = [...(facts.warnings ?? []), ...(answer.warnings ?? [])];
  const startedAt = Date.parse(tries.startedAt ?? '');
  return {
    ...facts,
    ...answer,
    ...(warnings.length > 0 && { warnings }),
    attempts,
    ...(tries.calls > attempts && { calls: tries.calls }),
    finishedAt: new Date().toISOString(),
    ...(Number.isFinite(startedAt) && { durationInMs: Math.max(0, Date.now() - startedAt) }),
  };
}

/** A conductor pauses the run within a second or two. */
const longestHoldInMs = 5_000;

/**
 * Until the run is paused; where somebody resumed the account just then nobody pauses it, and the photo is tried again:
 * else it would wait for ever.
 */
async function hold(draining: AbortSignal, signal: AbortSignal): Promise<void> {
  const either = eitherSignal(draining, signal);
  await delay(longestHoldInMs, undefined, { signal: either.signal }).catch(() => {});
  either.clear();
}
