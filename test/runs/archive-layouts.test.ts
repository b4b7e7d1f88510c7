import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createListLook, type ListFindings } from '../../src/runs/forecast/list-look.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { pathInSource } from '../../src/sources/path-in-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder.remove());

async function putAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), 'x');
  }
}

async function lookAt(path: string, idFrom = '{id}.{ext}'): Promise<ListFindings> {
  const source = await openSource(path, { idFrom });
  const look = createListLook(source, { idFrom, repeat: 'first' });
  let seq = 0;
  for await (const photo of source.list({ signal: new AbortController().signal })) {
    seq += 1;
    look.add(photo, seq);
  }
  return look.findings();
}

const times = (count: number, each: (index: number) => string | readonly string[]) =>
  Array.from({ length: count }, (_, index) => each(index)).flat();
const zeros = (index: number, digits = 4) => String(index).padStart(digits, '0');
const letter = (index: number) => String.fromCodePoint(97 + (index % 26));

interface Row {
  readonly layout: string;
  readonly paths: readonly string[];
  /** The pattern that is proposed, or why there is none. */
  readonly proposal: string;
  readonly subjects: number;
  /** A path, and the id that the proposal gives it. */
  readonly example?: readonly [path: string, subjectId: string];
  readonly or?: string;
}

const layouts: readonly Row[] = [
  {
    layout: 'flat',
    paths: times(30, (n) => `emp-${n}.jpg`),
    proposal: '{id}.{ext}',
    subjects: 30,
    example: ['emp-7.jpg', 'emp-7'],
  },
  {
    layout: 'leading zeros',
    paths: times(30, (n) => [`${zeros(n, 5)}.jpg`, `${n + 100}.jpg`]),
    proposal: '{id}.{ext}',
    subjects: 60,
    example: ['00017.jpg', '00017'],
  },
  {
    layout: 'a folder for each person',
    paths: times(20, (n) => [`emp${n}/1.jpg`, `emp${n}/2.jpg`, `emp${n}/front.jpg`]),
    proposal: '{id}/{photo}.{ext}',
    subjects: 20,
    example: ['emp7/1.jpg', 'emp7'],
  },
  {
    layout: "a folder for each person, with a camera's names in it",
    paths: times(20, (n) => [
      `Ann ${letter(n)}./IMG_${1000 + 2 * n}.jpg`,
      `Ann ${letter(n)}./IMG_${1001 + 2 * n}.jpg`,
    ]),
    proposal: '{id}/{photo}.{ext}',
    subjects: 20,
  },
  {
    layout: 'a folder for each person, and one in each',
    paths: times(20, (n) => [`emp${n}/photos/1.jpg`, `emp${n}/photos/2.jpg`]),
    proposal: '{id}/photos/{photo}.{ext}',
    subjects: 20,
    example: ['emp7/photos/1.jpg', 'emp7'],
  },
  {
    layout: 'id_1.jpg',
    paths: times(20, (n) => [`${zeros(n)}_1.jpg`, `${zeros(n)}_2.jpg`]),
    proposal: '{id}_{photo}.{ext}',
    subjects: 20,
    example: ['0007_1.jpg', '0007'],
  },
  {
    layout: 'id-2.jpg, where the id has a dash too',
    paths: times(20, (n) => [`emp-${n}-1.jpg`, ...(n % 3 === 0 ? [] : [`emp-${n}-2.jpg`])]),
    proposal: '{id}-{photo}.{ext}',
    subjects: 20,
    example: ['emp-7-1.jpg', 'emp-7'],
  },
  {
    layout: 'id (2).jpg',
    paths: times(20, (n) => [`E${zeros(n)} (1).jpg`, `E${zeros(n)} (2).jpg`]),
    proposal: '{id} ({photo}).{ext}',
    subjects: 20,
  },
  {
    layout: 'surname, first name (id).jpg',
    paths: times(
      26,
      (n) => `${n % 2 ? 'O’Brien' : 'de la Cruz'}-${letter(n)}${letter(n)}, Ann (${zeros(n)}).jpg`,
    ),
    proposal: '{photo} ({id}).{ext}',
    subjects: 26,
    example: ['O’Brien-bb, Ann (0001).jpg', '0001'],
  },
  {
    layout: 'id - name.jpg',
    paths: times(26, (n) => `${zeros(n)} - Ann S${letter(n)}.jpg`),
    proposal: '{id} - {photo}.{ext}',
    subjects: 26,
    example: ['0007 - Ann Sh.jpg', '0007'],
  },
  {
    layout: 'date folders',
    paths: times(36, (n) => `2024/${zeros((n % 12) + 1, 2)}/emp${n}.jpg`),
    proposal: '{id}.{ext}',
    subjects: 36,
    example: ['2024/08/emp7.jpg', 'emp7'],
  },
  {
    layout: 'classes of a school',
    paths: times(6, (room) => times(15, (n) => `Year ${room}/pupil${room * 100 + n}.jpg`)),
    proposal: '{id}.{ext}',
    subjects: 90,
  },
  {
    layout: 'mixed case',
    paths: times(20, (n) => [`EMP-${n}.JPG`, `x/Emp-${n + 20}.Jpg`]),
    proposal: '{id}.{ext}',
    subjects: 40,
  },
  {
    layout: 'names in NFD',
    paths: times(20, (n) => `Rene\u0301 Mu\u0308ller ${letter(n)}.jpg`),
    proposal: '{id}.{ext}',
    subjects: 20,
  },
  {
    layout: 'each in two formats',
    paths: times(20, (n) => [`${zeros(n)}.jpg`, `${zeros(n)}.heic`]),
    proposal: '{id}.{photo}',
    subjects: 20,
  },
  {
    layout: 'numbers with a check digit',
    paths: times(100, (n) => `${4711 + n}-${(n * 7) % 10}.jpg`),
    proposal: '{id}.{ext}',
    subjects: 100,
  },
  {
    layout: 'one word before all numbers',
    paths: times(9, (n) => `emp_${n + 1}.jpg`),
    proposal: '{id}.{ext}',
    subjects: 9,
  },
  {
    layout: "a camera's names",
    paths: [
      ...times(20, (n) => `IMG_${1000 + n}.jpg`),
      ...times(20, (n) => `DSC0${1000 + n}.JPG`),
      ...['20240312_101500.jpg', 'PXL_20240312_101500123.jpg', 'IMG-20240312-WA0001.jpg'],
      ...['WhatsApp Image 2024-03-12 at 10.15.00.jpeg', 'Screenshot 2024-03-12 101500.png', 'scan0001.jpg'],
    ],
    proposal: 'camera-names',
    subjects: 46,
  },
  {
    layout: "a camera's names in date folders",
    paths: times(40, (n) => `2024/${zeros((n % 12) + 1, 2)}/IMG_${1000 + n}.jpg`),
    proposal: 'camera-names',
    subjects: 40,
  },
  {
    layout: 'one id in two departments',
    paths: ['sales', 'it'].flatMap((department) => times(20, (n) => `${department}/${zeros(n)}.jpg`)),
    proposal: 'same-names',
    subjects: 40,
  },
  {
    layout: 'a few ids in a few departments',
    paths: ['sales', 'it'].flatMap((department) => times(3, (n) => `${department}/${zeros(n)}.jpg`)),
    proposal: 'same-names',
    subjects: 6,
    or: '{id}/{photo}.{ext}',
  },
];

test.each(layouts)('$layout: $proposal, and no photo collides', async (row) => {
  const { paths, proposal: expected, subjects, example, or } = row;
  await putAll(paths);
  const { ids } = await lookAt(folder.path);
  const proposal = ids?.proposal;
  expect(proposal && (proposal.pattern ?? proposal.why)).toBe(expected);
  expect(proposal?.or?.pattern).toBe(or);
  const found = await lookAt(...(await proposed(proposal?.pattern, paths)));
  expect(found).toMatchObject({ photos: paths.length, collisions: 0, withoutId: 0, problems: 0, subjects });
  if (proposal?.pattern !== undefined) expect(proposal).toMatchObject({ subjects, isExact: true });
  if (example) {
    const given = await openSource(folder.path, { idFrom: expected });
    const listed = new Map<string | undefined, string | undefined>();
    for await (const { photo = '', subjectId } of given.list({ signal: new AbortController().signal }))
      listed.set(pathInSource(photo, given), subjectId);
    expect(listed.get(example[0])).toBe(example[1]);
  }
});

/** What the doctor proposes to list instead: the folder by a pattern, or a list with the way to each file as its id. */
async function proposed(
  pattern: string | undefined,
  paths: readonly string[],
): Promise<[source: string, idFrom?: string]> {
  if (pattern !== undefined) return [folder.path, pattern];
  const list = join(folder.path, 'people.csv');
  const rows = paths.map((path) => `"${path.replace(/\.[^./]*$/u, '')}","${path}"\n`);
  await writeFile(list, `subject_id,photo\n${rows.join('')}`);
  return [list];
}

test('of a list too long to count, the proposal is the same and its figures are near', async () => {
  const source = { address: '/a', sameSubject: 'collision', idsFromPaths: true } as const;
  const look = createListLook(source, { idFrom: '{id}.{ext}', repeat: 'first' });
  for (let n = 0; n < 40_000; n += 1)
    look.add({ photo: `/a/emp${n >> 1}/${(n % 2) + 1}.jpg`, subjectId: `${(n % 2) + 1}` }, n + 1);
  const { ids, collisions } = look.findings();
  expect(collisions).toBe(39_998);
  expect(ids?.proposal).toMatchObject({ pattern: '{id}/{photo}.{ext}', isExact: false });
  const { subjects = 0, several = 0 } = ids?.proposal.pattern === undefined ? {} : ids.proposal;
  for (const figure of [subjects, several]) expect(Math.abs(figure - 20_000)).toBeLessThan(1_500);
  expect(ids?.proposedExamples).toHaveLength(5);
});
