import { parseIdPattern } from '../id-from.ts';
import { isCameraName, isNobodysFolder, isView } from './name-shapes.ts';
import { createFitTally, type PatternFit } from './pattern-fit.ts';

/** A way to read an id out of paths, and how it fits. */
export interface Reading {
  readonly pattern: string;
  readonly fit: PatternFit;
}

/** What can be known of how an archive is laid out, by its paths alone. */
export interface Layout {
  readonly photos: number;
  /** Photos whose name a camera or a messenger gave. */
  readonly cameraNames: number;
  /** Photos whose name is no more than a number or a view: `1`, `front`. */
  readonly viewNames: number;
  /** By the whole name, by the folder, and by the folder above it where all folders between have one name. */
  readonly byName: PatternFit;
  readonly byFolder: PatternFit;
  readonly byUpperFolder: PatternFit;
  /** Names cut in two where there is one of these signs: the id is the first part, or the last. */
  readonly idFirst: readonly Reading[];
  readonly idLast: readonly Reading[];
  /** Some of the paths, from all over the list. */
  readonly sample: readonly string[];
}

/** What stands between two parts of a name, and behind the second one. */
const cuts: readonly (readonly [between: string, behind: string])[] = [
  [' (', ')'],
  ['(', ')'],
  [' - ', ''],
  ['_', ''],
  ['-', ''],
  [' ', ''],
  ['.', ''],
];

const sampleSize = 40;

/**
 * Looks at the paths of an archive, one after the other; each is counted for all ways in which it may be laid out. Memory
 * does not grow with the list.
 */
export function createLayoutTally() {
  const readings = cuts.map(([between, behind]) => ({
    between,
    behind,
    first: { pattern: `{id}${between}{photo}${behind}.{ext}`, tally: createFitTally() },
    last: { pattern: `{photo}${between}{id}${behind}.{ext}`, tally: createFitTally() },
  }));
  const [byName, byFolder, byUpperFolder] = [createFitTally(), createFitTally(), createFitTally()];
  const counts = { photos: 0, cameraNames: 0, viewNames: 0 };
  const sample = createSample<string>(sampleSize);

  function addName(stem: string): void {
    for (const { between, behind, first, last } of readings) {
      const cut = cutName(stem, between, behind);
      if (cut === undefined) continue;
      first.tally.add(cut[0], { other: cut[1] });
      last.tally.add(cut[1], { other: cut[0] });
    }
  }

  return {
    /** @param path from the source's root, with `/` between its parts */
    add(path: string): void {
      const parts = path.split('/');
      const stem = stemOf(parts.at(-1) ?? '');
      counts.photos += 1;
      sample.add(path);
      if (stem === '') return;
      if (isCameraName(stem)) counts.cameraNames += 1;
      else if (isView(stem)) counts.viewNames += 1;
      byName.add(stem, { place: path.slice(0, path.lastIndexOf('/') + 1) });
      addName(stem);
      const [folder, above, top] = [parts.at(-2), parts.at(-3), parts.at(-4)];
      if (folder !== undefined && !isNobodysFolder(folder, above)) byFolder.add(folder, { other: stem });
      if (folder !== undefined && above !== undefined && !isNobodysFolder(above, top))
        byUpperFolder.add(above, { other: folder });
    },
    layout: (): Layout => ({
      ...counts,
      byName: byName.fit(),
      byFolder: byFolder.fit(),
      byUpperFolder: byUpperFolder.fit(),
      idFirst: readings.map(({ first }) => ({ pattern: first.pattern, fit: first.tally.fit() })),
      idLast: readings.map(({ last }) => ({ pattern: last.pattern, fit: last.tally.fit() })),
      sample: sample.taken(),
    }),
  };
}

/** A name without its suffix; empty for one that gives no id. */
function stemOf(name: string): string {
  const dot = name.lastIndexOf('.');
  if (dot === name.length - 1) return '';
  return dot === -1 ? name : name.slice(0, dot);
}

/** As `{id}_{photo}` cuts it: the first part takes as much as it can. */
function cutName(stem: string, between: string, behind: string): [string, string] | undefined {
  if (!stem.endsWith(behind)) return undefined;
  const text = stem.slice(0, stem.length - behind.length);
  const at = text.lastIndexOf(between, text.length - between.length - 1);
  return at < 1 ? undefined : [text.slice(0, at), text.slice(at + between.length)];
}

/** So many of a long list, each with the same chance; of the same list the same ones (Vitter, algorithm R). */
export function createSample<Item>(size: number) {
  const taken: Item[] = [];
  let count = 0;
  let state = 0x2545f491;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    add(item: Item): void {
      count += 1;
      if (taken.length < size) taken.push(item);
      else {
        const place = Math.floor(random() * count);
        if (place < size) taken[place] = item;
      }
    },
    taken: (): readonly Item[] => taken,
  };
}

export interface PathExample {
  readonly path: string;
  readonly subjectId: string;
}

const examplesShown = 5;

/** What a pattern makes of some paths, each with another id. */
export function examplesOf(pattern: string, paths: readonly string[]): PathExample[] {
  const { matchFile } = parseIdPattern(pattern);
  const byId = new Map<string, string>();
  for (const path of paths) {
    const subjectId = matchFile(path);
    if (subjectId !== undefined && !byId.has(subjectId)) byId.set(subjectId, path);
  }
  const examples = [...byId].map(([subjectId, path]) => ({ path, subjectId }));
  return examples.slice(0, examplesShown).sort((a, b) => (a.path < b.path ? -1 : 1));
}
