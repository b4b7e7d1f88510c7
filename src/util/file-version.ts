import type { Stats } from 'node:fs';

/** A file's version: it changes when size or modification time do. */
export function fileVersion({ size, mtimeMs }: Pick<Stats, 'size' | 'mtimeMs'>): string {
  return `${size}-${mtimeMs}`;
}
