import type { CallReply } from '../engines/engine.ts';

/**
 * How a call ended: by the kind of its reply; `checked` asked nothing but whether the account is right; `unanswered` was
 * aborted after it was sent.
 */
export type CallEnd = CallReply['kind'] | 'checked' | 'unanswered';

/** Told of every call that this process makes. It runs beside the calls: it neither waits nor throws. */
export interface CallWatch {
  /** A call begins. To be called when it is over; `undefined`: it was not made. */
  begin(): (end: CallEnd | undefined) => void;
}
