/**
 * A hash of 32 bits, for what need not be certain: two texts share it once in four billion. FNV-1a, its bits mixed once
 * more as MurmurHash3 does, so that those of like texts have nothing in common.
 */
export function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
