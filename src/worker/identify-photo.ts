import { type CallContext, makeCall } from '../account/make-call.ts';
import { countIdentification, type Identification, judgeIdentification } from './judge-identification.ts';
import { type AttemptState, chargedBefore } from './judge-reply.ts';
import type { PhotoTask, WorkContext } from './photo-task.ts';

/** What an identification needs of a photo in the hands of a worker; also of one that belongs to no run. */
export interface IdentifiablePhoto extends Pick<PhotoTask, 'signal' | 'tries'> {
  readonly data: Pick<PhotoTask['data'], 'run' | 'seq'>;
  readonly ready: Pick<PhotoTask['ready'], 'bytes' | 'format'>;
  readonly context: CallContext & {
    readonly engine: WorkContext['engine'];
    readonly settings: Pick<WorkContext['settings'], 'maxAttempts'>;
  };
}

/**
 * One call of the identify endpoint, through the gate like any other. Without the engine's checks: they are asked for
 * when a photo is enrolled. `failuresOf`: which charged calls count against `--max-attempts`.
 */
export async function identifyPhoto(
  photo: IdentifiablePhoto,
  failuresOf: (tries: AttemptState) => number = chargedBefore,
): Promise<Identification> {
  const { data, ready, context, signal } = photo;
  const { identify } = context.engine;
  if (!identify) throw new Error(`the engine ${context.engine.name} has no identification`);
  const { reply, charged } = await makeCall({
    context,
    signal,
    runId: data.run,
    photo: `${data.run}/${data.seq}`,
    attemptsBefore: chargedBefore(photo.tries),
    call: (callSignal, onSent) =>
      identify({
        photo: ready.bytes,
        format: ready.format,
        checks: { liveness: false, deepfake: false },
        signal: callSignal,
        onSent,
      }),
    onUnanswered() {
      const { calls, identifications = 0 } = photo.tries;
      photo.tries = { ...photo.tries, calls: calls + 1, identifications: identifications + 1 };
    },
  });
  photo.tries = countIdentification(photo.tries, reply, charged);
  const { maxAttempts } = context.settings;
  return judgeIdentification({ reply, charged, failures: failuresOf(photo.tries), maxAttempts });
}
