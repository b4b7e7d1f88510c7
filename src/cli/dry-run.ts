import { usedRatePerSecond } from '../account/slot-spacing.ts';
import { createDecider, type Decider, templateIdsOf } from '../conductor/decide.ts';
import { openForgottenPhotos } from '../conductor/forgotten-photos.ts';
import { type LedgerLookup, openLedgerLookup } from '../conductor/ledger-lookup.ts';
import { checkEngineSettings } from '../runs/check-engine-settings.ts';
import { readForgetList } from '../runs/forget-list.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { openPhotoReader, openSourceOf } from '../runs/run-source.ts';
import { formatDuration } from '../settings/values.ts';
import { firstPhotos } from '../sources/first-photos.ts';
import type { ListedPhoto, Source } from '../sources/source.ts';
import { lookAtPhotos } from '../worker/preflight/look-at-photos.ts';
import { createPreflight } from '../worker/preflight/preflight.ts';
import { print, say } from './output.ts';

/** Lists the source as a run would, decides what a run would decide before any call, and counts. */
export async function dryRun(
  rollcall: Rollcall,
  { source: spec, signal, json }: { source: string; signal: AbortSignal; json: boolean },
): Promise<number> {
  const { settings } = rollcall;
  const source = await openSourceOf(rollcall, spec, settings);
  const { engine } = rollcall.engine();
  checkEngineSettings(engine, settings, source);
  const { repeat, limit, rate } = settings;
  const counts = emptyCounts();
  const ledgerLookup = await recallFor(rollcall, source, signal);
  const forgotten = openForgottenPhotos({ state: rollcall.state, account: rollcall.engine().account });
  await forgotten.lookAgain();
  const own = new Set((await readForgetList(rollcall, settings, signal)).map((id) => id.normalize('NFC')));
  // Which photo of a subject is enrolled makes a difference only where it may be enrolled already; a pipe is read once.
  const isLast = repeat === 'last' && ledgerLookup !== undefined && source.address !== '-';
  const decider = createDecider({
    sameSubject: source.sameSubject,
    repeat: repeat === 'last' && !isLast ? 'first' : repeat,
    templateIdFor: templateIdsOf(engine.name, source),
  });
  if (decider.foresees) await foreseeAll(decider, source, { limit, signal });
  async function* photosToCall() {
    for await (const photo of firstPhotos(source, { limit, signal })) {
      counts.photos += 1;
      const decision = decider.decide({ ...photo, metadata: undefined, seq: counts.photos });
      const found = decision.kind === 'settle' ? undefined : ledgerLookup?.({ ...photo, seq: counts.photos });
      if (forgotten.outcomeOf(photo) || own.has(photo.subjectId?.normalize('NFC') ?? ''))
        counts.forgotten += 1;
      else if (found?.kind === 'unchanged') counts.unchanged += 1;
      else if (found?.kind === 'rejected-before') counts.rejectedBefore += 1;
      else if (decision.kind !== 'settle') {
        counts.calls += 1;
        if (found) counts.toCompare += 1;
        yield photo;
      } else if (decision.outcome.status === 'skipped') counts.repeated += 1;
      else counts.failed += 1;
      if (photo.sizeInBytes === undefined) counts.unknownSizes += 1;
      counts.sizeInBytes += photo.sizeInBytes ?? 0;
    }
  }
  if (settings.preflight) await lookAhead(rollcall, { photos: photosToCall(), source, counts, signal });
  else for await (const _ of photosToCall());
  countIdentifications(counts, settings);
  const durationInMs = (counts.calls / usedRatePerSecond(rate)) * 1000;
  const { savedCalls, ...others } = counts;
  const shown = settings.preflight ? { ...others, savedCalls } : others;
  if (json) print(JSON.stringify({ ...shown, rate, durationInMs: Math.round(durationInMs) }));
  else print(describe(counts, { rate, durationInMs, incremental: settings.incremental }));
  if (counts.photos > 0 || settings.allowEmpty) return 0;
  say(`No photo was found in ${source.address}.`);
  return 2;
}

/** What the preflight would refuse, or nobody can read, is no call. */
async function lookAhead(
  rollcall: Rollcall,
  options: { photos: AsyncIterable<ListedPhoto>; source: Source; counts: Counts; signal: AbortSignal },
): Promise<void> {
  const { settings } = rollcall;
  const { photos, source, counts, signal } = options;
  const { engine } = rollcall.engine();
  const { allowPrivate } = settings;
  const reader = openPhotoReader(rollcall, { rootFolder: source.rootFolder, allowPrivate });
  const preflight = createPreflight(await rollcall.faceReader(), { engine: engine.name, settings });
  try {
    const looks = lookAtPhotos(photos, { reader, preflight, rules: engine.accepts, settings, signal });
    for await (const { error } of looks) {
      if (error === undefined) continue;
      counts.calls -= 1;
      if (error.kind === 'preflight') counts.savedCalls += 1;
      else counts.failed += 1;
    }
  } finally {
    await reader.close();
  }
}

async function foreseeAll(
  decider: Decider,
  source: Source,
  options: { limit: number | undefined; signal: AbortSignal },
): Promise<void> {
  let seq = 0;
  for await (const photo of firstPhotos(source, options)) {
    seq += 1;
    decider.foresee({ ...photo, metadata: undefined, seq });
  }
}

/** A photo that turns out to be a duplicate saves its enroll call: these are the most that there can be. */
function countIdentifications(counts: Counts, { dedupe, verify }: Rollcall['settings']): void {
  const enrollments = counts.calls;
  const share = verify?.share ?? 0;
  const verified = verify?.count ?? (share === 1 ? enrollments : Math.round(enrollments * share));
  counts.identifications = (dedupe ? enrollments : 0) + Math.min(enrollments, verified);
  counts.calls += counts.identifications;
}

type Counts = ReturnType<typeof emptyCounts>;

const emptyCounts = () => ({
  photos: 0,
  calls: 0,
  /** Photos that the preflight would refuse: none of the calls. */
  savedCalls: 0,
  /** Among the calls: those of `--dedupe` and `--verify`. */
  identifications: 0,
  repeated: 0,
  forgotten: 0,
  failed: 0,
  unchanged: 0,
  rejectedBefore: 0,
  /** Among the calls: photos whose bytes may turn out to be known when they are read. */
  toCompare: 0,
  sizeInBytes: 0,
  unknownSizes: 0,
});

async function recallFor(
  { settings, state, engine }: Rollcall,
  { sameSubject }: Source,
  signal: AbortSignal,
): Promise<LedgerLookup | undefined> {
  if (!settings.incremental) return undefined;
  const { account, engine: opened } = engine();
  return openLedgerLookup({
    state,
    account,
    engine: opened.name,
    settings: { ...settings, sameSubject },
    signal,
  });
}

function describe(
  counts: Counts,
  { rate, durationInMs, incremental }: { rate: number; durationInMs: number; incremental: boolean },
): string {
  const size = `${(counts.sizeInBytes / 1_000_000).toFixed(1)} MB${counts.unknownSizes > 0 ? ` without ${counts.unknownSizes} photos of unknown size` : ''}`;
  const toCompare =
    counts.toCompare > 0
      ? `, at most: ${counts.toCompare} are read first, and not called if nothing changed`
      : '';
  const asked = counts.identifications > 0 ? `, ${counts.identifications} of them to identify` : '';
  return [
    `photos    ${counts.photos}  (${size})`,
    `calls     ${counts.calls}  without retries${asked}${toCompare}`,
    ...(counts.savedCalls > 0
      ? [`saved     ${counts.savedCalls}  calls for photos that the preflight refuses`]
      : []),
    ...(incremental
      ? [
          `unchanged ${counts.unchanged}  photos that are enrolled`,
          `rejected  ${counts.rejectedBefore}  photos that were rejected before and did not change`,
        ]
      : []),
    `repeated  ${counts.repeated}  photos of a subject listed before (--repeat)`,
    ...(counts.forgotten > 0 ? [`forgotten ${counts.forgotten}  photos of forgotten subjects`] : []),
    `failed    ${counts.failed}  rows or names that give no photo`,
    `time      ${formatDuration(durationInMs)} at ${rate} calls a second`,
  ].join('\n');
}
