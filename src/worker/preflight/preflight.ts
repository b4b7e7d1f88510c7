import type { FaceReader } from '../../engines/local/faces/face-reader.ts';
import type { Outcome } from '../../records/report-line.ts';
import { foreseeVerdict, type VerdictSettings } from './foreseen-verdict.ts';
import { findingOf } from './photo-finding.ts';

/** A look at a photo before the call that would cost something. */
export type Preflight = (photo: Buffer, signal: AbortSignal) => Promise<PreflightResult>;

export interface PreflightResult {
  readonly faces: number;
  readonly warnings: readonly string[];
  /** Set where the engine would refuse the photo. */
  readonly rejection?: Pick<Outcome, 'status' | 'error'>;
}

/** Looks with the local models, and judges as the engine of that name would. */
export function createPreflight(
  reader: FaceReader,
  { engine, settings }: { engine: string; settings: VerdictSettings },
): Preflight {
  return async (photo, signal) => {
    const { fault, faces, warnings } = findingOf(await reader.read(photo, signal));
    const verdict = fault && foreseeVerdict(engine, fault, settings);
    if (!verdict) return { faces, warnings };
    const { code, message, reasons } = verdict;
    const error = { kind: 'preflight', code, message, ...(reasons && { reasons: [...reasons] }) } as const;
    return { faces, warnings, rejection: { status: 'rejected', error } };
  };
}
