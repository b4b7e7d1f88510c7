import type { FaceFound, PhotoReading } from '../../engines/local/faces/face-reader.ts';

/** Why an engine would refuse a photo. */
export type PhotoFault = 'undecodable' | 'no-face' | 'several-faces' | 'face-too-small';

/** What the local models found in a photo. */
export interface PhotoFinding {
  readonly fault?: PhotoFault;
  readonly faces: number;
  /** `blurred`; `small-face`: under 200 x 200 pixels, the least that engines advise. Of the largest face. */
  readonly warnings: readonly string[];
}

const advisedSideInPixels = 200;

export function findingOf(reading: PhotoReading): PhotoFinding {
  if (reading.kind === 'undecodable') return { fault: 'undecodable', faces: 0, warnings: [] };
  const { faces } = reading;
  const [largest] = [...faces].sort((a, b) => b.box.w * b.box.h - a.box.w * a.box.h);
  if (largest === undefined) return { fault: 'no-face', faces: 0, warnings: [] };
  const warnings = warningsOf(largest);
  if (faces.length > 1) return { fault: 'several-faces', faces: faces.length, warnings };
  if (largest.descriptor === undefined) return { fault: 'face-too-small', faces: 1, warnings };
  return { faces: 1, warnings };
}

function warningsOf({ box, quality }: FaceFound): string[] {
  const isSmall = box.w < advisedSideInPixels || box.h < advisedSideInPixels;
  return [...(quality.blur.fine ? [] : ['blurred']), ...(isSmall ? ['small-face'] : [])];
}
