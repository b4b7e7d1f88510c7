import { largestSizeInBytes } from '../../photos/read-photo.ts';
import { type CaseOnly, createCaseTally } from '../../sources/layout/id-remarks.ts';
import { createLayoutTally, examplesOf, type PathExample } from '../../sources/layout/layout-tally.ts';
import { type Proposal, proposeIdFrom } from '../../sources/layout/propose-id-from.ts';
import { suffixOf } from '../../sources/left-out.ts';
import { pathInSource } from '../../sources/path-in-source.ts';
import type { ListedPhoto, Source } from '../../sources/source.ts';
import { createHashIndex } from '../../util/hash-index.ts';
import { redactAddress } from '../../util/redact-address.ts';
import { createRepeatTally } from '../../util/repeat-tally.ts';
import { subjectKey } from '../../util/subject-id.ts';
import { textHash } from '../../util/text-hash.ts';

/** What a list shows before any photo is read: `doctor` and `--dry-run` tell it. */
export interface ListFindings {
  readonly photos: number;
  /** Rows and names that give no photo, and what the first of them lacks. */
  readonly problems: number;
  readonly firstProblem?: string | undefined;
  /** Those of them that are photos to which the pattern gives no id. */
  readonly withoutId: number;
  readonly subjects: number;
  /** Subjects with several photos. */
  readonly severalPhotos: number;
  /** Photos whose id an earlier one has under a pattern that gives each photo its own: they are not enrolled. */
  readonly collisions: number;
  /** Photos whose id an earlier one has in another form of Unicode: they are one subject's. */
  readonly otherForm: number;
  /** Ids that differ only in upper and lower case: they are two subjects. */
  readonly caseOnly?: CaseOnly | undefined;
  readonly mostRepeated?: ReturnType<ReturnType<typeof createRepeatTally>['most']>;
  /** Photos by the warnings that the list gives them. */
  readonly warnings: Readonly<Record<string, number>>;
  readonly empty: SomePhotos;
  /** Larger than what is read of a photo. */
  readonly huge: SomePhotos;
  /** By suffix: formats that engines take only as JPEG or PNG. What a file really is shows when it is read. */
  readonly converted: Readonly<Record<string, number>>;
  /** Photos to call, at most, without a look at what is enrolled already. */
  readonly toCall: number;
  /** Where ids come from paths: those of the pattern in use, and what fits better. */
  readonly ids?: IdFindings | undefined;
}

interface SomePhotos {
  readonly count: number;
  readonly first?: string | undefined;
}

export interface IdFindings {
  readonly idFrom: string;
  readonly examples: readonly PathExample[];
  readonly cameraNames: number;
  readonly proposal: Proposal;
  readonly proposedExamples: readonly PathExample[];
  readonly orExamples: readonly PathExample[];
}

const plainFormats = new Set(['jpg', 'jpeg', 'jpe', 'jfif', 'jfi', 'jif', 'pjpeg', 'pjp', 'png']);
const formatsBySuffix: Readonly<Record<string, string>> = {
  ...{ heif: 'heic', heics: 'heic', heifs: 'heic', hif: 'heic', tif: 'tiff' },
  ...{ j2k: 'jp2', j2c: 'jp2', jpc: 'jp2', jpf: 'jp2', jpx: 'jp2', jpm: 'jp2', jpt: 'jp2', jph: 'jp2' },
};
const mostFormats = 20;

/**
 * Looks at a list while somebody else reads it. Memory: up to 60 bytes a subject, whatever else is in the list.
 */
export function createListLook(
  source: Pick<Source, 'address' | 'sameSubject' | 'idsFromPaths'>,
  { idFrom, repeat }: { idFrom: string; repeat: 'first' | 'last' | 'each' },
) {
  const ids = createHashIndex({ valueWords: 2 });
  const cases = createCaseTally();
  const repeats = createRepeatTally();
  const layout = source.idsFromPaths ? createLayoutTally() : undefined;
  const warnings: Record<string, number> = {};
  const converted: Record<string, number> = {};
  const empty = createSome();
  const huge = createSome();
  const counts = {
    ...{ photos: 0, problems: 0, withoutId: 0, subjects: 0, severalPhotos: 0 },
    ...{ collisions: 0, otherForm: 0, toCall: 0 },
  };
  let firstProblem: string | undefined;

  function addId(subjectId: string, seq: number): void {
    const key = subjectKey(subjectId);
    const known = ids.enter(key);
    const [times = 0, written = 0] = known;
    const form = textHash(subjectId);
    known[0] = times + 1;
    if (times === 0) known[1] = form;
    else if (written !== form) counts.otherForm += 1;
    if (times === 0) counts.subjects += 1;
    if (times === 1) counts.severalPhotos += 1;
    if (times === 0 || (source.sameSubject === 'repeat' && repeat === 'each')) counts.toCall += 1;
    else if (source.sameSubject === 'collision') counts.collisions += 1;
    else repeats.add(key, seq);
  }

  function addFile(photo: string, sizeInBytes: number | undefined): void {
    if (sizeInBytes === 0) empty.add(photo);
    if (sizeInBytes !== undefined && sizeInBytes > largestSizeInBytes) huge.add(photo);
    const suffix = suffixOf(photo.slice(photo.lastIndexOf('/') + 1));
    if (suffix === undefined || plainFormats.has(suffix) || !/^[a-z0-9]{2,5}$/u.test(suffix)) return;
    const format = formatsBySuffix[suffix] ?? suffix;
    if (format in converted || Object.keys(converted).length < mostFormats)
      converted[format] = (converted[format] ?? 0) + 1;
  }

  return {
    add(listed: ListedPhoto, seq: number): void {
      const { subjectId, photo, version, problem, sizeInBytes } = listed;
      counts.photos += 1;
      for (const warning of listed.warnings ?? []) warnings[warning] = (warnings[warning] ?? 0) + 1;
      cases.add(listed, seq);
      // A file whose name gives no id is there all the same: it has a version.
      const isFile = photo !== undefined && (problem === undefined || version !== undefined);
      if (isFile) layout?.add(pathInSource(photo, source));
      if (problem !== undefined) {
        counts.problems += 1;
        if (isFile && layout && subjectId === undefined) counts.withoutId += 1;
        firstProblem ??= problem;
        return;
      }
      if (photo !== undefined) addFile(photo, sizeInBytes);
      if (subjectId !== undefined) addId(subjectId, seq);
    },
    findings(): ListFindings {
      return {
        ...counts,
        firstProblem,
        warnings,
        converted,
        empty: empty.found(),
        huge: huge.found(),
        caseOnly: cases.found(),
        mostRepeated: repeats.most(),
        ids: layout && idFindings(layout.layout(), idFrom),
      };
    },
  };
}

function idFindings(layout: Parameters<typeof proposeIdFrom>[0], idFrom: string): IdFindings {
  const proposal = proposeIdFrom(layout);
  const examples = (pattern: string | undefined) =>
    pattern === undefined ? [] : examplesOf(pattern, layout.sample);
  return {
    idFrom,
    proposal,
    cameraNames: layout.cameraNames,
    examples: examples(idFrom),
    proposedExamples: examples(proposal.pattern),
    orExamples: examples(proposal.or?.pattern),
  };
}

function createSome() {
  let count = 0;
  let first: string | undefined;
  return {
    add(photo: string): void {
      count += 1;
      first ??= redactAddress(photo).address;
    },
    found: (): SomePhotos => ({ count, ...(first !== undefined && { first }) }),
  };
}
