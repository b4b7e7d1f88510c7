import type { Rollcall } from '../open-rollcall.ts';
import { createDecider } from '../run/decide.ts';
import { openSourceOf } from '../run/run-source.ts';
import { formatDuration } from '../settings/values.ts';
import { print, say } from './command-context.ts';

/** Lists the source as a run would, decides what a run would decide before any call, and counts. */
export async function dryRun(
  rollcall: Rollcall,
  { source: spec, signal, json }: { source: string; signal: AbortSignal; json: boolean },
): Promise<number> {
  const { settings } = rollcall;
  const source = await openSourceOf(rollcall, spec, settings);
  const { repeat, limit = Number.POSITIVE_INFINITY, rate } = settings;
  // Which photo of a subject is enrolled makes no difference to how many are.
  const decider = createDecider({
    sameSubject: source.sameSubject,
    repeat: repeat === 'last' ? 'first' : repeat,
  });
  const counts = { photos: 0, calls: 0, repeated: 0, failed: 0, sizeInBytes: 0, unknownSizes: 0 };
  for await (const photo of source.list({ signal })) {
    counts.photos += 1;
    const decision = decider.decide({ ...photo, metadata: undefined, seq: counts.photos });
    if (decision.kind !== 'settle') counts.calls += 1;
    else if (decision.outcome.status === 'skipped') counts.repeated += 1;
    else counts.failed += 1;
    if (photo.sizeInBytes === undefined) counts.unknownSizes += 1;
    counts.sizeInBytes += photo.sizeInBytes ?? 0;
    if (counts.photos >= limit) break;
  }
  const durationInMs = (counts.calls / (rate * 0.98)) * 1000;
  if (json) print(JSON.stringify({ ...counts, rate, durationInMs: Math.round(durationInMs) }));
  else print(describe(counts, rate, durationInMs));
  if (counts.photos > 0 || settings.allowEmpty) return 0;
  say(`No photo was found in ${source.address}.`);
  return 2;
}

function describe(
  counts: {
    photos: number;
    calls: number;
    repeated: number;
    failed: number;
    sizeInBytes: number;
    unknownSizes: number;
  },
  rate: number,
  durationInMs: number,
): string {
  const size = `${(counts.sizeInBytes / 1_000_000).toFixed(1)} MB${counts.unknownSizes > 0 ? ` without ${counts.unknownSizes} photos of unknown size` : ''}`;
  return [
    `photos    ${counts.photos}  (${size})`,
    `calls     ${counts.calls}  without retries`,
    `repeated  ${counts.repeated}  photos of a subject listed before (--repeat)`,
    `failed    ${counts.failed}  rows or names that give no photo`,
    `time      ${formatDuration(durationInMs)} at ${rate} calls a second`,
  ].join('\n');
}
