import type { Holder } from '../ledger/template-holders.ts';
import type { Decision } from './decide.ts';

/** What becomes of a photo whose template id is somebody else's, as the ledger says: nobody is enrolled over another. */
export function takenTemplate({ name, at }: Holder): Decision {
  const other = name ?? 'another subject';
  const message =
    `its template id is ${other}'s by the ledger, since ${new Date(at).toISOString().slice(0, 10)}; neither overwrites ` +
    `the other. Give the row another template id; where both are one person, forget ${other} and give none`;
  return {
    kind: 'settle',
    outcome: { status: 'failed', stored: 'no', attempts: 0, error: { kind: 'collision', message } },
  };
}
