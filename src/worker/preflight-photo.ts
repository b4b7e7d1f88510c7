import type { ReadyPhoto, RecognisedPhoto } from './fetch-photo.ts';
import type { Preflight } from './preflight/preflight.ts';

/**
 * Looks at a photo before its call. One that the engine would refuse needs none; of any other it is noted what may make
 * it a poor one.
 */
export async function preflightPhoto(
  ready: ReadyPhoto,
  options: {
    preflight: Preflight;
    /** What the engine holds if there is no call. */
    stored: 'no' | 'unknown';
    signal: AbortSignal;
  },
): Promise<ReadyPhoto | RecognisedPhoto> {
  const { preflight, stored, signal } = options;
  const { rejection, warnings } = await preflight(ready.bytes, signal);
  const all = [...(ready.facts.warnings ?? []), ...warnings];
  const facts = { ...ready.facts, ...(all.length > 0 && { warnings: all }) };
  return rejection ? { recognised: { ...rejection, stored }, facts } : { ...ready, facts };
}
