import { tagPerson } from './engine-server-tag.ts';
import { makePhoto, writeFiles } from './photos.ts';

/**
 * Persons who are in the archive twice, under two ids that stand side by side: `p001-a.jpg`, `p001-b.jpg`, and so on; two
 * different photos of each.
 */
export async function writeTwins(folder: string, persons: number): Promise<void> {
  for (let number = 1; number <= persons; number += 1) {
    const person = `p${String(number).padStart(3, '0')}`;
    for (const id of ['a', 'b'])
      await writeFiles(folder, { [`${person}-${id}.jpg`]: tagPerson(await makePhoto(), person) });
  }
}

/** The person of a subject that `writeTwins` wrote. */
export const personOf = (subjectId = '') => subjectId.slice(0, -2);
