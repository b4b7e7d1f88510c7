import type { RefusedReply } from '../engines/engine.ts';
import { pauseAccount } from './account-pause.ts';
import type { AccountState } from './account-state.ts';

const photosToProve = 3;

/**
 * A certain refusal pauses the account at once; an uncertain one when three different photos in a row met it.
 * The photo keeps its attempts. But a photo that is refused again and again while others get through (a firewall
 * that dislikes its bytes) has to come to an end: from its second uncertain refusal on it is charged.
 */
export function afterRefused(
  state: AccountState,
  { reply, photo, refusedBefore }: { reply: RefusedReply; photo: string; refusedBefore: boolean },
  now: number,
): { state: AccountState; charged: boolean } {
  if (state.pause) return { state, charged: false };
  const isAgain = state.refusedPhotos.includes(photo);
  const refusedPhotos = isAgain ? state.refusedPhotos : [...state.refusedPhotos, photo];
  const isProven = reply.certain || refusedPhotos.length >= photosToProve;
  if (!isProven) {
    return { state: isAgain ? state : { ...state, refusedPhotos }, charged: isAgain || refusedBefore };
  }
  const met = reply.certain ? '' : ` (${photosToProve} photos in a row)`;
  const message = `The engine refuses the account: ${trimmed(reply.message)}${met}. ${trimmed(reply.fix)}; then go on with: rollcall resume --account`;
  return {
    state: pauseAccount({ ...state, refusedPhotos }, { reason: 'refused', message }, now),
    charged: false,
  };
}

/** Any other reply ends the row. */
export function afterNoRefusal(state: AccountState): AccountState {
  return state.refusedPhotos.length === 0 ? state : { ...state, refusedPhotos: [] };
}

function trimmed(sentence: string): string {
  return sentence.replace(/[\s.;]+$/, '');
}
