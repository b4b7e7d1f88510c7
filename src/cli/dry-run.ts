import { type CanaryForecast, type Forecast, forecastRun } from '../runs/forecast/forecast.ts';
import type { ListFindings } from '../runs/forecast/list-look.ts';
import { startingCommand } from '../runs/start-command.ts';
import { plural } from '../util/plural.ts';
import type { CommandContext } from './command-context.ts';
import { warningRows } from './show-end.ts';
import { print, printJson, say, terminalColumns } from './terminal/output.ts';
import { describeDelivered } from './text/describe-delivered.ts';
import { describeForgetList } from './text/describe-ids.ts';
import { describeLeftOut } from './text/describe-list.ts';
import { describeLook, describeProposal } from './text/describe-look.ts';
import { describeCost } from './text/describe-money.ts';
import { describeTime } from './text/describe-time.ts';
import { type LabelledRow, layRows } from './text/labelled-rows.ts';

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
    canary,
  } = forecast;
  const { files, byKind } = leftOut;
  const { savedCalls, ...others } = counts;
  const { delivered } = forecast.listed;
  const startWith = startingCommand(rollcall, { spec: source, source: forecast.listed });
  const shown = preflight ? { ...others, savedCalls } : others;
  if (json)
    printJson({
      ...shown,
      leftOut: files,
      leftOutBy: byKind,
      delivered,
      ...foundInJson(found),
      forgetList,
      firstFailures,
      rate,
      durationInMs: Math.round(durationInMs),
      money,
      canary,
    });
  else {
    print(describe(forecast, { time: describeTime(rollcall, durationInMs), incremental, preflight }));
    if (delivered) print(describeDelivered(delivered));
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
  layRows(rows, { indent: 0, labelWidth: 9, columns: terminalColumns() });

function describe(
  {
    counts,
    leftOut: { files, byKind },
    found: { warnings },
    forgetList,
    firstFailures,
    money,
    canary,
  }: Forecast,
  { time, incremental, preflight }: { time: string; incremental: boolean; preflight: boolean },
): string[] {
  const size = describeSize(counts);
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
    `failed    ${counts.failed}  rows or names that give no photo, or ids that come twice`,
    ...firstFailures.map(({ seq, message }) => `  photo ${seq}: ${message}`),
    ...(firstFailures.length > 0 && counts.failed > firstFailures.length ? ['  …'] : []),
    ...(counts.unknownSizes > 0 && !preflight
      ? [`not read  ${counts.unknownSizes}  photos: whether they are there is unknown; doctor reads some`]
      : []),
    ...(Object.keys(byKind).length > 0
      ? [`left out  ${files}  files: ${describeLeftOut(byKind)} (--include-left-out)`]
      : []),
    ...warningRows(warnings),
    `time      ${time}`,
    ...layLook([...describeCost(money), ...describeCanary(canary)]),
    ...describeForgetList(forgetList),
  ];
}

function describeSize({ photos, sizeInBytes, unknownSizes }: Forecast['counts']): string {
  if (photos > 0 && unknownSizes === photos) return 'of unknown size';
  const known = `${(sizeInBytes / 1_000_000).toFixed(1)} MB`;
  return unknownSizes > 0 ? `${known}, and ${plural(unknownSizes, 'photo')} of unknown size` : known;
}

function describeCanary(canary: CanaryForecast | undefined): LabelledRow[] {
  if (!canary) return [];
  const { photos, of, rules, money } = canary;
  const cost = money ? `, which cost ${money.expected} (between ${money.low} and ${money.high})` : '';
  if (photos === of)
    return [{ label: 'canary', text: `${photos}  photos, which are all that need a call${cost}` }];
  return [
    { label: 'canary', text: `${photos}  photos from all over the list first${cost}` },
    { label: '', text: `accepted by ${rules.join(', ')}` },
    { label: '', text: 'then the rest follows by itself, else the run pauses (exit code 3)' },
  ];
}
