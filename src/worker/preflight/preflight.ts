import type { PhotoFault } from '../../engines/engine.ts';
import type { FaceFound, FaceReader, PhotoReading } from '../../engines/local/faces/face-reader.ts';
import { foreseeVerdict } from '../../engines/registry.ts';
import type { Outcome } from '../../records/report/report-line.ts';
import type { Warning } from '../../util/warning.ts';

/** A look at a photo before the call that would cost something. */
export type Preflight = (photo: Buffer, signal: AbortSignal) => Promise<PreflightResult>;

export interface PreflightResult {
  readonly faces: number;
  /** `blurred`; `small-face`: under 200 x 200 pixels, the least that engines advise. Of the largest face. */
  readonly warnings: readonly Warning[];
  /** Set where the engine would refuse the photo. */
  readonly rejection?: Pick<Outcome, 'status' | 'error'>;
}

/** Looks with the local face models, and judges as the engine of that name would. */
export function createPreflight(
  reader: FaceReader,
  { engine, settings }: { engine: string; settings: object },
): Preflight {
  return async (photo, signal) => {
    const { fault, faces, warnings } = findingOf(await reader.read(photo, signal));
    const verdict = fault && foreseeVerdict({ engine, fault, settings });
    if (!verdict) return { faces, warnings };
    const { code, message, reasons } = verdict;
    const error = { kind: 'preflight', code, message, ...(reasons && { reasons: [...reasons] }) } as const;
    return { faces, warnings, rejection: { status: 'rejected', error } };
  };
}

/** What the models found in a photo. */
interface PhotoFinding extends Pick<PreflightResult, 'faces' | 'warnings'> {
  readonly fault?: PhotoFault;
}

function findingOf(reading: PhotoReading): PhotoFinding {
  if (reading.kind === 'undecodable') return { fault: 'undecodable', faces: 0, warnings: [] };
  const { faces } = reading;
  const [largest] = [...faces].sort((a, b) => b.box.w * b.box.h - a.box.w * a.box.h);
  if (largest === undefined) return { fault: 'no-face', faces: 0, warnings: [] };
  const warnings = warningsOf(largest);
  if (faces.length > 1) return { fault: 'several-faces', faces: faces.length, warnings };
  if (largest.descriptor === undefined) return { fault: 'face-too-small', faces: 1, warnings };
  return { faces: 1, warnings };
}

const advisedSideInPixels = 200;

function warningsOf({ box, quality }: FaceFound): Warning[] {
  const isSmall = box.w < advisedSideInPixels || box.h < advisedSideInPixels;
  const warnings: Warning[] = [];
  if (!quality.blur.fine) warnings.push('blurred');
  if (isSmall) warnings.push('small-face');
  return warnings;
}
