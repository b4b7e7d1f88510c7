import { InboxError, type InboxErrorKind } from '../runs/inbox/inbox-error.ts';
import { ProblemError } from './problem.ts';

const statusOf: Readonly<Record<InboxErrorKind, number>> = {
  'bad-photo': 400,
  unknown: 404,
  closed: 409,
  'key-reused': 422,
  full: 429,
  away: 503,
};

/** What a client is answered whose photos were not taken in. */
export function inboxProblem(error: unknown): unknown {
  if (!(error instanceof InboxError)) return error;
  const { kind, message, retryAfterInMs, index, field } = error;
  const path = [index, field].filter((part) => part !== undefined).join('.');
  // What a state or a queue says of itself may name what is on this machine.
  const detail = kind === 'away' ? 'Nothing can be taken in just now: try again.' : message;
  return new ProblemError(statusOf[kind], kind, detail, {
    retryAfterInMs,
    ...(path !== '' && { issues: [{ path, message }] }),
  });
}
