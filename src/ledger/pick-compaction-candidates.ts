import type { LedgerFile } from './ledger-files.ts';

/** Fewer files than this are read as they are. */
const fewest = 8;
/** Files below this size are drawn together whatever their sizes are. */
const smallInBytes = 1024 * 1024;
/** A file is drawn in only with others that are, together, at least half its size: large ones are seldom written again. */
const largestRatio = 2;

/**
 * The files that are worth drawing together now, none if they are too few: the smallest of about one size. So their
 * number grows with the logarithm of the ledger, and what a night adds is written again a few times only. Pure.
 */
export function pickCompactionCandidates(files: readonly LedgerFile[]): LedgerFile[] {
  const bySize = [...files].sort((a, b) => a.sizeInBytes - b.sizeInBytes);
  for (let from = 0; from + fewest <= bySize.length; from += 1) {
    const chosen = likeSized(bySize.slice(from));
    if (chosen.length >= fewest) return chosen;
  }
  return [];
}

/** The first files, up to one that is too large for those before it. */
function likeSized(bySize: readonly LedgerFile[]): LedgerFile[] {
  let sum = 0;
  const end = bySize.findIndex((file, index) => {
    const isTooLarge = index > 0 && file.sizeInBytes > Math.max(largestRatio * sum, smallInBytes);
    sum += file.sizeInBytes;
    return isTooLarge;
  });
  return end === -1 ? [...bySize] : bySize.slice(0, end);
}
