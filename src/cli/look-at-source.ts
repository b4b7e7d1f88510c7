import { usedRatePerSecond } from '../account/slot-spacing.ts';
import { shareNeeded } from '../conductor/set-up-watch.ts';
import { createListLook } from '../runs/forecast/list-look.ts';
import { type ReadSample, readSample } from '../runs/forecast/read-sample.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { openSourceOf } from '../runs/run-source.ts';
import { startingCommand } from '../runs/start-command.ts';
import { createSample } from '../sources/layout/layout-tally.ts';
import { createLeftOutTally } from '../sources/left-out.ts';
import type { ListedPhoto } from '../sources/source.ts';
import { plural } from '../util/plural.ts';
import { withoutFullStop } from '../util/without-full-stop.ts';
import type { SignOfLife } from './terminal/sign-of-life.ts';
import { describeDelivered } from './text/describe-delivered.ts';
import { describeLeftOut } from './text/describe-list.ts';
import { describeLook, describeProposal, isOtherBetter } from './text/describe-look.ts';
import { describeTime } from './text/describe-time.ts';
import type { LabelledRow } from './text/labelled-rows.ts';

/** Lists a whole source, without its engine, and says what a run should know of it (`doctor`). */
export async function lookAtSource(
  rollcall: Rollcall,
  { source: spec, signal, life }: { source: string; signal: AbortSignal; life: SignOfLife },
): Promise<{ text: string; more: LabelledRow[]; isWrong: boolean }> {
  const { settings } = rollcall;
  const source = await openSourceOf(rollcall, spec, settings);
  const look = createListLook(source, settings);
  const leftOut = createLeftOutTally();
  const sample = createSample<ListedPhoto>(photosToRead);
  let photos = 0;
  life.doing(`Looking at ${spec}`, () => plural(photos, 'photo'));
  for await (const photo of source.list({ signal, onLeftOut: leftOut.add })) {
    photos += 1;
    look.add(photo, photos);
    if (photo.problem === undefined) sample.add(photo);
  }
  life.doing(`Reading some photos of ${spec}`);
  const read = await readSample(rollcall, { source, photos: sample.taken(), signal });
  const found = look.findings();
  const { byKind } = leftOut.count();
  const durationInMs = (found.toCall / usedRatePerSecond(settings.rate)) * 1000;
  return {
    text: [
      `${plural(photos, 'photo')} in ${source.address}`,
      ...(source.delivered ? [withoutFullStop(describeDelivered(source.delivered))] : []),
      ...(Object.keys(byKind).length > 0 ? [`left out: ${describeLeftOut(byKind)}`] : []),
      ...(found.firstProblem === undefined ? [] : [`the first problem: ${found.firstProblem}`]),
    ].join('; '),
    more:
      photos === 0
        ? []
        : [
            ...describeLook(found),
            ...describeSample(read),
            {
              label: 'calls',
              text: `${found.toCall} at most, without retries: ${describeTime(rollcall, durationInMs)}`,
            },
            ...describeProposal(found, startingCommand(rollcall, { spec, source })),
          ],
    isWrong:
      isOtherBetter(found) ||
      (photos > 0 && found.problems >= shareNeeded * photos) ||
      (read.photos > 0 && read.failed === read.photos),
  };
}

const photosToRead = 20;

function describeSample({ photos, formats, failed, firstProblem }: ReadSample): LabelledRow[] {
  if (photos === 0) return [];
  const counts = Object.entries(formats).sort(([, a], [, b]) => b - a);
  const what = [
    ...counts.map(([format, count]) => `${format}: ${count}`),
    ...(failed > 0 ? [`failed: ${failed}, the first since ${firstProblem}`] : []),
  ];
  return [{ label: 'sample', text: `${plural(photos, 'photo')} read: ${what.join(', ')}` }];
}
