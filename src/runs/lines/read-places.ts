import pLimit from 'p-limit';
import type { StateStore } from '../../storage/state/state-store.ts';
import type { LinePlace } from './line-index.ts';

/** Bytes in between that cost less than another read. */
const gapInBytes = 64 * 1024;
const longestReadInBytes = 4 * 1024 * 1024;
const readsAtOnce = 8;

/** The texts of lines by their places, in the same order; lines that lie near each other are read together. */
export async function readPlaces(
  state: StateStore,
  pathOf: (file: number) => string,
  places: readonly LinePlace[],
): Promise<string[]> {
  const texts = new Array<string>(places.length).fill('');
  const order = places.map((place, at) => ({ ...place, at }));
  order.sort((a, b) => a.file - b.file || a.offset - b.offset);
  const limit = pLimit(readsAtOnce);
  await Promise.all(
    groupNear(order).map(({ first, end, members }) =>
      limit(async () => {
        const range = { offset: first.offset, sizeInBytes: end - first.offset };
        const bytes = await state.readRange(pathOf(first.file), range);
        for (const { at, offset, sizeInBytes } of members) {
          const start = offset - first.offset;
          texts[at] = bytes.toString('utf8', start, start + sizeInBytes - 1);
        }
      }),
    ),
  );
  return texts;
}

interface Group<Place> {
  readonly first: Place;
  readonly members: Place[];
  end: number;
}

function groupNear<Place extends LinePlace>(ordered: readonly Place[]): Group<Place>[] {
  const groups: Group<Place>[] = [];
  for (const place of ordered) {
    const end = place.offset + place.sizeInBytes;
    const group = groups.at(-1);
    const isNear =
      group?.first.file === place.file &&
      place.offset - group.end <= gapInBytes &&
      end - group.first.offset <= longestReadInBytes;
    if (group && isNear) {
      group.members.push(place);
      group.end = Math.max(group.end, end);
    } else groups.push({ first: place, members: [place], end });
  }
  return groups;
}
