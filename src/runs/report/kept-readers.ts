import type { PhotoReader } from '../../photos/read-photo.ts';

const keptForInMs = 10_000;

/** Photo readers that are kept for a while: an archive file is not to be opened and looked through for each photo. */
export interface KeptReaders<Key> {
  /** Keys are the same by their name. */
  use<Result>(key: Key, work: (reader: PhotoReader) => Promise<Result>): Promise<Result>;
}

/** Each is closed when nobody has used it for 10 s. */
export function createKeptReaders<Key extends { readonly id: string }>(
  open: (key: Key) => PhotoReader,
): KeptReaders<Key> {
  const kept = new Map<string, { reader: PhotoReader; uses: number; idle?: NodeJS.Timeout }>();
  return {
    async use(key, work) {
      const { id } = key;
      const one = kept.get(id) ?? { reader: open(key), uses: 0 };
      kept.set(id, one);
      clearTimeout(one.idle);
      one.uses += 1;
      try {
        return await work(one.reader);
      } finally {
        one.uses -= 1;
        if (one.uses === 0)
          one.idle = setTimeout(() => {
            kept.delete(id);
            void one.reader.close();
          }, keptForInMs).unref();
      }
    },
  };
}
