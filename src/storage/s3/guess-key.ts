/** Characters that follow each other in ids, by the kind of one of them. */
const alphabets = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'] as const;
const everything = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));

/** Places behind the first difference that still count. */
const precision = 4;

/**
 * A key that lies about so many pages behind one page, if keys go on as they do from its first to its last: they are
 * counted on like a number whose places are digits or letters. A guess may be far off; it is only where a listing begins
 * that is looked at in time. Pure.
 * @returns undefined where there is nothing to go by, or nothing can come behind it
 */
export function guessKey(page: { first: string; last: string }, pages: number): string | undefined {
  const { first, last } = page;
  let shared = 0;
  while (shared < last.length && first[shared] === last[shared]) shared += 1;
  const length = plainLength(last, shared + precision);
  if (shared >= length) return undefined;
  const places = Array.from({ length }, (_, index) => placeOf(last[index], first[index]));
  const end = countOf(last, places);
  const step = end - countOf(first, places);
  const target = end + (step > 0n ? step : 1n) * BigInt(pages);
  const guess = textOf(target, places);
  return guess !== undefined && guess > last ? guess : undefined;
}

/** How many characters can be counted with: other scripts are not. */
function plainLength(key: string, most: number): number {
  const foreign = key.search(/[^ -~]/);
  return Math.min(most, foreign < 0 ? key.length : foreign);
}

/** The alphabet of a place; a single character where it never changes, such as a slash. */
function placeOf(one = '', other = one): string {
  const own = alphabets.find(
    (alphabet) => alphabet.includes(one) && (other === '' || alphabet.includes(other)),
  );
  if (own !== undefined) return own;
  return one === other ? one : everything;
}

function countOf(key: string, places: readonly string[]): bigint {
  return places.reduce(
    (value, place, index) =>
      value * BigInt(place.length) + BigInt(Math.max(0, place.indexOf(key[index] ?? ''))),
    0n,
  );
}

function textOf(value: bigint, places: readonly string[]): string | undefined {
  let left = value;
  let text = '';
  for (const place of [...places].reverse()) {
    const size = BigInt(place.length);
    text = `${place[Number(left % size)]}${text}`;
    left /= size;
  }
  return left === 0n ? text : undefined;
}
