import { type CallContext, makeCall } from '../account/make-call.ts';
import type {
  CallReply,
  FailedReply,
  IdentifiedReply,
  IdentifyRequest,
  RefusedReply,
  RejectedReply,
  UnavailableReply,
  VerifiedReply,
} from '../engines/engine.ts';
import { thresholdOf } from '../engines/similarity.ts';
import type { CallKind } from '../settings/price.ts';
import type { AttemptState } from './judge-reply.ts';
import { chargedBefore } from './judge-reply.ts';
import type { PhotoTask, WorkContext } from './photo-task.ts';

/** What asking about a photo needs of one in the hands of a worker; also of one that belongs to no run. */
export interface IdentifiablePhoto extends Pick<PhotoTask, 'signal' | 'leaving' | 'tries' | 'span'> {
  readonly data: Pick<PhotoTask['data'], 'run' | 'seq'>;
  readonly ready: Pick<PhotoTask['ready'], 'bytes' | 'format'>;
  readonly context: CallContext & {
    readonly engine: WorkContext['engine'];
    readonly settings: Pick<WorkContext['settings'], 'maxAttempts' | 'threshold'>;
  };
}

/**
 * One call of the identify endpoint, paced like any other. Without the engine's checks: they are asked for
 * when a photo is enrolled. `failuresOf`: which charged calls count against `--max-attempts`.
 */
export function identifyPhoto(
  photo: IdentifiablePhoto,
  failuresOf: (tries: AttemptState) => number = chargedBefore,
): Promise<Identification> {
  const { engine } = photo.context;
  const { identify } = engine;
  if (!identify) throw new Error(`the engine ${engine.name} has no identification`);
  return askAbout<IdentifiedReply>(photo, 'identify', identify, failuresOf);
}

/** The same of the verify endpoint: whether the photo shows whom a template that is stored shows. */
export function compareWithTemplate(
  photo: IdentifiablePhoto,
  templateId: string,
): Promise<Asked<VerifiedReply>> {
  const { engine } = photo.context;
  const { verify } = engine;
  if (!verify) throw new Error(`the engine ${engine.name} has no verification`);
  return askAbout<VerifiedReply>(photo, 'verify', (request) => verify({ ...request, templateId }));
}

async function askAbout<Answer extends IdentifiedReply | VerifiedReply>(
  photo: IdentifiablePhoto,
  kind: CallKind,
  call: (request: IdentifyRequest) => Promise<Answer | FailedReply>,
  failuresOf: (tries: AttemptState) => number = chargedBefore,
): Promise<Asked<Answer>> {
  const { data, ready, context, signal, leaving, span } = photo;
  const { reply, charged } = await makeCall<Answer | FailedReply>({
    context,
    signal,
    leaving,
    span,
    runId: data.run,
    kind,
    photo: `${data.run}/${data.seq}`,
    attemptsBefore: chargedBefore(photo.tries),
    refusedBefore: photo.tries.refusedBefore === true,
    call: (callSignal, onSent) =>
      call({
        photo: ready.bytes,
        format: ready.format,
        checks: { liveness: false, deepfake: false },
        threshold: thresholdOf(context.engine, context.settings),
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
  return judge<Answer>({ reply, charged, failures: failuresOf(photo.tries), maxAttempts });
}

/** What a reply to "who is this" means for the photo that asked. */
export type Identification = Asked<IdentifiedReply>;

export type Asked<Answer> =
  | Answer
  | RejectedReply
  | { readonly kind: 'call-again' }
  | { readonly kind: 'try-later'; readonly failures: number }
  /** Whose fault it was is not known by this reply alone. */
  | { readonly kind: 'refused'; readonly reply: RefusedReply; readonly charged: boolean }
  /** Asked as often as is allowed, without an answer. */
  | { readonly kind: 'spent'; readonly reply: UnavailableReply };

/** The tries after a reply; `charged`: whether it costs the photo an attempt. */
function countIdentification(tries: AttemptState, reply: CallReply, charged: boolean): AttemptState {
  const isFailure = charged && reply.kind === 'unavailable';
  const failed = (tries.failedIdentifications ?? 0) + (isFailure ? 1 : 0);
  return {
    ...tries,
    calls: tries.calls + 1,
    identifications: (tries.identifications ?? 0) + 1,
    ...(failed > 0 && { failedIdentifications: failed }),
  };
}

/** Pure. `failures`: the calls charged to the photo that count here, this one included. */
function judge<Answer extends IdentifiedReply | VerifiedReply>(options: {
  reply: Answer | FailedReply;
  charged: boolean;
  failures: number;
  maxAttempts: number;
}): Asked<Answer> {
  const { reply, charged, failures, maxAttempts } = options;
  switch (reply.kind) {
    case 'refused':
      return { kind: 'refused', reply, charged };
    case 'throttled':
      return { kind: 'call-again' };
    case 'unavailable':
      if (charged && failures >= maxAttempts) return { kind: 'spent', reply };
      return { kind: 'try-later', failures: Math.max(1, failures) };
    default:
      return reply;
  }
}
