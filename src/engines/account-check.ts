import type { AccountCheck, EngineReply, RejectedReply } from './engine.ts';

/** What a call that stores nothing shows of the account; `isAnswered`: whether a rejection proves that it is right. */
export function accountCheckOf(
  reply: EngineReply,
  isAnswered: (reply: RejectedReply) => boolean,
): AccountCheck {
  if (reply.kind === 'enrolled') return { ok: true };
  if (reply.kind === 'rejected' && isAnswered(reply)) return { ok: true };
  return { ok: false, message: reply.kind === 'refused' ? `${reply.message}: ${reply.fix}` : reply.message };
}
