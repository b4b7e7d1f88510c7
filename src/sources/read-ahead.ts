import type { ManifestBytes } from './manifest-bytes.ts';

const smallestSizeInBytes = 256 * 1024;
const largestSizeInBytes = 4 * 1024 * 1024;
const windowsHeld = 3;

interface Window {
  readonly start: number;
  readonly bytes: Buffer;
}

/**
 * Reads from somewhere far away through a few windows of at most 4 MiB: who reads on and on finds the next window
 * fetched already; who goes back a little (behind a broken record) finds the last one still there.
 * @param options.fetchRange gives all bytes of a range, fewer only at the end
 * @param options.beginning what is known of the first bytes
 */
export function readAhead({
  fetchRange,
  sizeInBytes: total,
  beginning,
}: {
  fetchRange: (from: number, sizeInBytes: number) => Promise<Buffer>;
  sizeInBytes: number;
  beginning: Buffer;
}): ManifestBytes['read'] {
  let windows: Window[] = [{ start: 0, bytes: beginning }];
  let next: { start: number; fetched: Promise<Buffer> } | undefined;
  let windowSizeInBytes = smallestSizeInBytes;
  const find = (position: number) =>
    windows.find(({ start, bytes }) => position >= start && position < start + bytes.length);
  const fetch = (start: number) => {
    const fetched = fetchRange(start, windowSizeInBytes);
    fetched.catch(() => undefined); // told to whoever reads there
    return { start, fetched };
  };
  return async (position, sizeInBytes) => {
    if (position >= total) return Buffer.alloc(0);
    let window = find(position);
    if (window === undefined) {
      const isNext = next?.start === position;
      const { fetched } = next !== undefined && isNext ? next : fetch(position);
      next = undefined;
      window = { start: position, bytes: await fetched };
      windows = [window, ...windows].slice(0, windowsHeld);
      const end = position + window.bytes.length;
      if (end < total) {
        windowSizeInBytes = Math.min(windowSizeInBytes * 2, largestSizeInBytes);
        next = fetch(end);
      }
    }
    const from = position - window.start;
    return window.bytes.subarray(from, from + sizeInBytes);
  };
}
