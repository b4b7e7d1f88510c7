import { createHash } from 'node:crypto';
import { type Chaos, type Misbehaviour, misbehaviours } from '../../settings/chaos.ts';

/** What happens to the request of this number, and a second number in [0, 1) for how exactly. */
export function misbehaviourOf(
  { seed, shares }: Chaos,
  requestNumber: number,
): { kind: Misbehaviour; how: number } | undefined {
  const digest = createHash('sha256').update(`${seed}\n${requestNumber}`).digest();
  let rest = digest.readUInt32BE(0) / 2 ** 32;
  for (const kind of misbehaviours) {
    const share = shares[kind] ?? 0;
    if (rest < share) return { kind, how: digest.readUInt32BE(4) / 2 ** 32 };
    rest -= share;
  }
  return undefined;
}
