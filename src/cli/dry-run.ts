import { type Forecast, forecastRun } from '../runs/forecast/forecast.ts';
import type { ListFindings } from '../runs/forecast/list-look.ts';
import { startingCommand } from '../runs/start-command.ts';
import { formatDuration } from '../settings/durations.ts';
import { plural } from '../util/plural.ts';
import type { CommandContext } from './command-context.ts';
import { describeForgetList } from './describe-ids.ts';
import { describeLeftOut } from './describe-list.ts';
import { describeLook, describeProposal } from './describe-look.ts';
import { describeCost } from './describe-money.ts';
import { layRows } from './labelled-rows.ts';
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
  const {
    source: address,
    counts,
    leftOut,
    found,
    forgetList,
    firstFailures,
    durationInMs,
    money,
  } = forecast;
  const { files, byKind } = leftOut;
  const { savedCalls, ...others } = counts;
  const startWith = startingCommand(rollcall, { spec: source, source: forecast.listed });
  const shown = preflight ? { ...others, savedCalls } : others;
  if (json)
    printJson({
      ...shown,
      leftOut: files,
      leftOutBy: byKind,
      ...foundInJson(found),
      forgetList,
      firstFailures,
      rate,
      durationInMs: Math.round(durationInMs),
      money,
    });
  else {
    print(describe(forecast, { rate, incremental }));
    if (counts.photos > 0) print(layLook([...describeLook(found), ...describeProposal(found, startWith)]));
  }
  if (counts.photos > 0 || allowEmpty) return 0;
  say(`No photo was found in ${address}.`);
  return 2;
}

/** What was found, by the names that scripts know. */
function foundInJson({ photos: _, problems: _2, toCall: _3, ids, ...found }: ListFindings) {
  return { ...found, ...(ids && { proposal: ids.proposal }) };
}

const layLook = (rows: Parameters<typeof layRows>[0]) =>
  layRows(rows, {
    indent: 0,
    labelWidth: 9,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  });

function describe(
  {
    counts,
    durationInMs,
    leftOut: { files, byKind },
    found: { warnings },
    forgetList,
    firstFailures,
    money,
  }: Forecast,
  { rate, incremental }: { rate: number; incremental: boolean },
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
    ...describeCost(money),
    ...describeForgetList(forgetList),
  ];
}
