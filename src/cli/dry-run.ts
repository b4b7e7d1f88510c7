import { type Forecast, forecastRun } from '../runs/forecast.ts';
import type { ForecastCounts } from '../runs/forecast-counts.ts';
import { formatDuration } from '../settings/durations.ts';
import { plural } from '../util/plural.ts';
import type { CommandContext } from './command-context.ts';
import { describeCaseOnly, describeForgetList, describeRepeats } from './describe-ids.ts';
import { describeLeftOut } from './describe-list.ts';
import { print, printJson, say } from './output.ts';
import { warningRows } from './show-end.ts';

/** Prints what a run would do, without a call. */
export async function dryRun(
  { rollcall, signal, life }: CommandContext,
  { source, json }: { source: string; json: boolean },
): Promise<number> {
  const { rate, incremental, preflight, allowEmpty } = rollcall.settings;
  const forecast = await forecastRun(rollcall, {
    source,
    signal,
    onStart: (soFar) => life.doing(`Looking at ${source}`, () => plural(soFar.photos, 'photo')),
  });
  const { source: address, counts, leftOut, ids, forgetList, firstFailures, durationInMs } = forecast;
  const { files, byKind } = leftOut;
  const { savedCalls, ...others } = counts;
  const shown = preflight ? { ...others, savedCalls } : others;
  if (json)
    printJson({
      ...shown,
      leftOut: files,
      leftOutBy: byKind,
      ...ids,
      forgetList,
      firstFailures,
      rate,
      durationInMs: Math.round(durationInMs),
    });
  else print(describe(counts, { rate, durationInMs, incremental, leftOut, ids, forgetList, firstFailures }));
  if (counts.photos > 0 || allowEmpty) return 0;
  say(`No photo was found in ${address}.`);
  return 2;
}

function describe(
  counts: ForecastCounts,
  {
    rate,
    durationInMs,
    incremental,
    leftOut: { files, byKind },
    ids: { mostRepeated, caseOnly, warnings },
    forgetList,
    firstFailures,
  }: Pick<Forecast, 'durationInMs' | 'leftOut' | 'ids' | 'firstFailures'> & {
    forgetList: Forecast['forgetList'] | undefined;
  } & { rate: number; incremental: boolean },
): string[] {
  const size = `${(counts.sizeInBytes / 1_000_000).toFixed(1)} MB${counts.unknownSizes > 0 ? ` without ${plural(counts.unknownSizes, 'photo')} of unknown size` : ''}`;
  const toCompare =
    counts.toCompare > 0 ? `, at most: ${counts.toCompare} are read first and skipped if unchanged` : '';
  const asked = counts.identifications > 0 ? `, ${counts.identifications} of them to identify` : '';
  return [
    `photos    ${counts.photos}  (${size})`,
    `calls     ${counts.calls}  without retries${asked}${toCompare}`,
    ...(counts.savedCalls > 0
      ? [`saved     ${counts.savedCalls}  calls for photos that the preflight refuses`]
      : []),
    ...(incremental
      ? [
          `unchanged ${counts.unchanged}  photos that are enrolled already`,
          `rejected  ${counts.rejectedBefore}  photos that were rejected before and did not change`,
        ]
      : []),
    `repeated  ${counts.repeated}  photos of a subject listed before (--repeat)`,
    ...(counts.forgotten > 0 ? [`forgotten ${counts.forgotten}  photos of forgotten subjects`] : []),
    ...(counts.otherFolder > 0
      ? [
          `elsewhere ${counts.otherFolder}  photos whose id was enrolled from another folder: set aside where the picture is another one (--replace)`,
        ]
      : []),
    `failed    ${counts.failed}  rows or names that give no photo`,
    ...firstFailures.map(({ seq, message }) => `  photo ${seq}: ${message}`),
    ...(firstFailures.length > 0 && counts.failed > firstFailures.length ? ['  …'] : []),
    ...(Object.keys(byKind).length > 0
      ? [`left out  ${files}  files: ${describeLeftOut(byKind)} (--include-left-out)`]
      : []),
    ...warningRows(warnings),
    `time      ${formatDuration(durationInMs)} at ${rate} calls a second`,
    ...describeForgetList(forgetList),
    ...(mostRepeated ? [describeRepeats(mostRepeated, mostRepeated.text)] : []),
    ...(caseOnly ? [describeCaseOnly(caseOnly)] : []),
  ];
}
