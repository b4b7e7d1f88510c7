import { opendir, stat } from 'node:fs/promises';
import { isInside } from '../../sources/photo-address.ts';
import { placeOfFolder } from './open-file.ts';

/** What a reader knows of the folder that its photos lie in. */
export interface RootWatch {
  /** To be called when a photo was read. */
  noteRead(folder: string): Promise<void>;
  /**
   * Whether the whole folder went: it cannot be read, or is empty, as a mount point is whose file system was taken away, or
   * is another than it was when a photo was read.
   */
  whatIsGone(folder: string): Promise<string | undefined>;
  /** Whether a place (links resolved) is in the folder. */
  holds(folder: string, place: string): Promise<boolean>;
}

/** What may not be read is there (a list may lie in a folder that may only be entered), and a process without free descriptors sees none. */
export const saysGone = (error: unknown) =>
  !['EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOMEM', 'EINTR', 'EAGAIN'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );

/** So long the place of a folder is taken for known; nothing is refused before it is looked up again. */
const knownForInMs = 1_000;

export function createRootWatch(): RootWatch {
  let known: Promise<string | undefined> | undefined;
  let placed: { readonly place: string; readonly at: number } | undefined;
  const identityOf = async (folder: string) => {
    const { dev, ino } = await stat(folder);
    return `${dev}:${ino}`;
  };
  return {
    async noteRead(folder) {
      known ??= identityOf(folder).catch(() => undefined);
      await known;
    },
    async whatIsGone(folder) {
      try {
        const before = await known;
        if (before !== undefined && before !== (await identityOf(folder)))
          return `and its folder ${folder} is another one than before`;
        const entries = await opendir(folder);
        const first = await entries.read().finally(() => entries.close());
        return first === null ? `and its folder ${folder} is empty` : undefined;
      } catch (error) {
        return saysGone(error) ? `nor is its folder ${folder}` : undefined;
      }
    },
    async holds(folder, photo) {
      const now = performance.now();
      if (placed && now - placed.at < knownForInMs && isInside(placed.place, photo)) return true;
      placed = { place: await placeOfFolder(folder), at: now };
      return isInside(placed.place, photo);
    },
  };
}
