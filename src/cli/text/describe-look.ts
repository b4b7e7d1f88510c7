import type { IdFindings, ListFindings } from '../../runs/forecast/list-look.ts';
import type { ProposedPattern } from '../../sources/layout/propose-id-from.ts';
import { plural } from '../../util/plural.ts';
import { shellWord } from '../../util/shell-word.ts';
import { describeCaseOnly, describeRepeats } from './describe-ids.ts';
import type { LabelledRow } from './labelled-rows.ts';

type StartWith = (changes: { idFrom?: string; source?: string }) => string;

/** What a list shows of itself. */
export function describeLook(found: ListFindings): LabelledRow[] {
  const { ids, otherForm, caseOnly, mostRepeated, converted, empty, huge } = found;
  const formats = Object.entries(converted).sort(([, a], [, b]) => b - a);
  return [
    { label: 'ids', text: idsOf(found), ...(isOtherBetter(found) ? {} : { pairs: pairsOf(ids?.examples) }) },
    ...row(
      'unicode',
      otherForm > 0 &&
        `${plural(otherForm, 'photo')} with the id of an earlier one in another form of Unicode: they are one subject's`,
    ),
    ...row('note', mostRepeated && describeRepeats(mostRepeated, mostRepeated.text)),
    ...row('note', caseOnly && describeCaseOnly(caseOnly)),
    ...row(
      'convert',
      formats.length > 0 &&
        `${formats.map(([format, count]) => `${format}: ${count}`).join(', ')}, by their suffixes: sent as JPEG or PNG`,
    ),
    ...row(
      'empty',
      empty.count > 0 &&
        `${plural(empty.count, 'file')} of 0 bytes, which fail: ${empty.first}${empty.count > 1 ? ', …' : ''}`,
    ),
    ...row(
      'huge',
      huge.count > 0 &&
        `${plural(huge.count, 'file')} larger than 64 MiB, which fail: ${huge.first}${huge.count > 1 ? ', …' : ''}`,
    ),
  ];
}

const row = (label: string, text: string | false | undefined): LabelledRow[] =>
  text ? [{ label, text }] : [];

const pairsOf = (examples: IdFindings['examples'] = []): readonly (readonly [string, string])[] =>
  examples.map(({ path, subjectId }) => [path, subjectId]);

/** Whether photos are lost by the pattern in use that another one, or a list, would keep. */
export function isOtherBetter({ ids, collisions, withoutId }: ListFindings): boolean {
  if (ids === undefined || ids.proposal.pattern === ids.idFrom) return false;
  const isWholeName = ids.idFrom === usualPattern;
  const isNobody = ids.proposal.pattern === undefined && ids.proposal.why === 'camera-names';
  return collisions > 0 || withoutId > 0 || (isWholeName && isNobody);
}

const usualPattern = '{id}.{ext}';

function idsOf({
  ids,
  photos,
  problems,
  subjects,
  severalPhotos,
  collisions,
  withoutId,
}: ListFindings): string {
  const by = ids ? `${ids.idFrom} (--id-from): ` : '';
  const lost = withoutId > 0 ? `; ${plural(withoutId, 'photo')} without an id by it` : '';
  if (collisions > 0)
    return `${by}${collisions} of ${plural(photos, 'photo')} have the id of an earlier one: they collide, and are not enrolled${lost}`;
  if (severalPhotos > 0)
    return `${by}${plural(subjects, 'subject')}, ${severalPhotos} of them with several photos; --repeat says which is enrolled${lost}`;
  return photos === problems
    ? `${by}no photo has one`
    : `${by}${plural(subjects, 'photo')}, each with an id of its own${lost}`;
}

/**
 * What to start instead of a run as it is, where that is better.
 * @param startWith the command that starts a run with these changes
 */
export function describeProposal(found: ListFindings, startWith: StartWith): LabelledRow[] {
  const { ids } = found;
  if (ids === undefined) return [];
  const { proposal, proposedExamples, idFrom } = ids;
  const isWrong = isOtherBetter(found);
  if (!isWrong && (proposal.pattern === idFrom || idFrom !== usualPattern)) return orRow(ids);
  if (proposal.pattern === undefined) return describeList(ids, startWith);
  return [
    {
      label: isWrong ? 'better' : 'perhaps',
      text: describePattern(proposal),
      pairs: pairsOf(proposedExamples),
    },
    ...orRow(ids),
    { label: 'start', text: startWith({ idFrom: proposal.pattern }), isCommand: true },
  ];
}

function describePattern({ pattern, subjects, several, isExact }: ProposedPattern): string {
  const about = isExact ? '' : 'about ';
  const shown = (count: number) => (isExact ? count : Number(count.toPrecision(2)));
  const which = several === subjects ? 'all' : `${about}${shown(several)}`;
  const photos = several > 0 ? `, ${which} of them with several photos` : '';
  return `--id-from ${shellWord(pattern)}: ${about}${plural(shown(subjects), 'subject')}${photos}, and no collision`;
}

const orRow = ({ proposal: { or }, orExamples }: IdFindings): LabelledRow[] =>
  or
    ? [
        {
          label: 'or',
          text: `${describePattern(or)}, if each of its folders is one person's`,
          pairs: pairsOf(orExamples),
        },
      ]
    : [];

/** Nothing in the paths says who it is: somebody has to. */
function describeList(ids: IdFindings, startWith: StartWith): LabelledRow[] {
  const { proposal, cameraNames, examples } = ids;
  const isCamera = proposal.pattern === undefined && proposal.why === 'camera-names';
  const why = isCamera
    ? `No id can be read from these names: a camera or a messenger gave ${cameraNames} of them, and no folder is a person's.`
    : 'The same names are in several folders, and nothing shows whose: no --id-from keeps them apart.';
  const line = ({ path }: { path: string }) =>
    `${csvField(isCamera ? '<id>' : path.replace(/\.[^./]*$/u, ''))},${csvField(path)}`;
  return [
    {
      label: 'list',
      text: `${why} Give a list: a CSV file beside the photos that says whose each is.`,
      pairs: ['subject_id,photo', ...examples.map(line), '…'].map((text) => [text, '']),
    },
    ...orRow(ids),
    { label: 'start', text: startWith({ source: 'people.csv' }), isCommand: true },
  ];
}

const csvField = (text: string) => (/[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
