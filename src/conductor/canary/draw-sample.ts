import type { CanarySample } from '../../records/canary-sample.ts';
import { lotOf } from '../sample-photos.ts';

/** Chooses photos of a list that is too long to be kept, by folder and by lot. */
export interface SampleDrawer {
  /** `folder`: the photo's, from the source's root, with `/` between its parts. */
  add(photo: { seq: number; folder: string }): void;
  draw(): Omit<CanarySample, 'schema'>;
}

/**
 * Draws so many photos, from each folder in proportion to its photos, and at least one. Within a folder a lot decides that
 * follows from the run's id and the photo's place in the list. Where there are more folders than photos to draw, or than
 * fit into memory, those that have an upper folder in common count as one. The order of `add` decides nothing.
 */
export function createSampleDrawer({ runId, count }: { runId: string; count: number }): SampleDrawer {
  const mostFolders = Math.max(1, Math.min(count, Math.floor(mostKept / count)));
  let folders = new Map<string, Folder>();
  let depth = Number.POSITIVE_INFINITY;

  function coarsen(): void {
    const deepest = Math.max(...[...folders.keys()].map((name) => partsOf(name).length));
    for (depth = Math.min(depth, deepest) - 1; ; depth -= 1) {
      const upper = new Map<string, Folder>();
      for (const [name, folder] of folders) {
        const key = cutTo(name, depth);
        const known = upper.get(key);
        if (known) join(known, folder, count);
        else upper.set(key, folder);
      }
      folders = upper;
      if (folders.size <= mostFolders) return;
    }
  }

  return {
    add({ seq, folder }) {
      const name = cutTo(folder, depth);
      const known = folders.get(name);
      const its = known ?? { size: 0, lots: [], ceiling: 1 };
      addTo(its, { seq, lot: lotOf(runId, seq) }, count);
      if (known) return;
      folders.set(name, its);
      if (folders.size > mostFolders) coarsen();
    },
    draw() {
      const all = [...folders].sort(byName).map(([, folder]) => folder);
      const shares = allot(
        count,
        all.map(({ size }) => size),
      );
      for (const folder of all) cut(folder, count);
      const seqs = all.flatMap(({ lots }, index) => lots.slice(0, shares[index] ?? 0).map(({ seq }) => seq));
      seqs.sort((a, b) => a - b);
      return { seqs, of: all.reduce((sum, { size }) => sum + size, 0), folders: all.length };
    },
  };
}

/** Photos in memory, at most twice as many for a moment. */
const mostKept = 200_000;

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

const partsOf = (folder: string) => (folder === '' ? [] : folder.split('/'));

/** For each of millions of photos, so without taking it apart. */
function cutTo(folder: string, depth: number): string {
  if (depth === Number.POSITIVE_INFINITY) return folder;
  let end = -1;
  for (let part = 0; part < depth; part += 1) {
    end = folder.indexOf('/', end + 1);
    if (end < 0) return folder;
  }
  return folder.slice(0, Math.max(0, end));
}

interface Lot {
  readonly seq: number;
  readonly lot: number;
}

/** A part of the list: how many photos it has, and those with the smallest lots. */
interface Folder {
  size: number;
  lots: Lot[];
  /** What is above it was cut off before. */
  ceiling: number;
}

function addTo(folder: Folder, lot: Lot, most: number): void {
  folder.size += 1;
  if (lot.lot > folder.ceiling) return;
  folder.lots.push(lot);
  if (folder.lots.length >= 2 * most) cut(folder, most);
}

function join(one: Folder, other: Folder, most: number): void {
  one.size += other.size;
  one.lots = one.lots.concat(other.lots);
  cut(one, most);
}

function cut(folder: Folder, most: number): void {
  folder.lots = folder.lots.sort((a, b) => a.lot - b.lot).slice(0, most);
  if (folder.lots.length === most) folder.ceiling = folder.lots.at(-1)?.lot ?? folder.ceiling;
}

/** So many of each folder, in proportion and one at least, by the method of Webster (Sainte-Laguë). */
function allot(count: number, sizes: readonly number[]): number[] {
  const shares = sizes.map(() => 1);
  const worth = (index: number) => {
    const [size = 0, share = 0] = [sizes[index], shares[index]];
    return share < size ? size / (2 * share + 1) : 0;
  };
  for (let left = count - sizes.length; left > 0; left -= 1) {
    let best = 0;
    for (let index = 1; index < sizes.length; index += 1) if (worth(index) > worth(best)) best = index;
    if (sizes.length === 0 || worth(best) === 0) break;
    shares[best] = (shares[best] ?? 0) + 1;
  }
  return shares;
}
