import { entryWords, fileOf, partitionOf, setFile } from './entry.ts';
import type { Table } from './read-table.ts';

/** The entries of files that are still there, under the files' new numbers; partitions are to be asked for in order. */
export function partitionsOf(
  table: Table,
  fileNow: ReadonlyMap<string, number>,
): (partition: number) => Promise<Uint32Array[]> {
  const newNumbers = table.facts.files.map(({ path }) => fileNow.get(path));
  const blocks = table.all();
  let rest: Uint32Array = new Uint32Array(0);
  const keep = (entries: Uint32Array): Uint32Array => {
    let end = 0;
    for (let from = 0; from < entries.length; from += entryWords) {
      const entry = entries.subarray(from, from + entryWords);
      const number = newNumbers[fileOf(entry)];
      if (number === undefined) continue;
      setFile(entry, number);
      entries.copyWithin(end, from, from + entryWords);
      end += entryWords;
    }
    return entries.slice(0, end);
  };
  return async (partition) => {
    const found: Uint32Array[] = [];
    while (true) {
      let end = 0;
      while (end < rest.length && partitionOf(rest, end) === partition) end += entryWords;
      if (end > 0) found.push(rest.subarray(0, end));
      rest = rest.subarray(end);
      if (rest.length > 0) return found;
      const next = await blocks.next();
      if (next.done) return found;
      rest = keep(next.value);
    }
  };
}
