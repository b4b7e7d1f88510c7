/**
 * What each warning means, in the words of the summary and of docs/operations.md. A warning does not keep a photo from
 * being enrolled; it says what may make its template another one than expected. Ends in `…`: the rest names a format.
 */
export const warningMeanings = {
  'exif-rotated': 'turned upright, as its EXIF says',
  'converted-from-…': 'of a format that the engine does not take: sent as JPEG or PNG',
  'first-picture-only': 'a file with several pictures: only the first was used',
  'metadata-stripped': 'sent without its metadata; the picture data are the same',
  recompressed: 'encoded again, with less quality',
  'scaled-down': 'sent with fewer pixels, to fit the size that the engine takes',
  'changed-since-listing': 'replaced since it was listed: what was sent is the newer one',
  'template-id-differs': 'the engine stored it under another template id than the one sent',
  'template-shared':
    'the engine answered with the template of somebody else: what it stored is not known, and the photo is sent again next time',
  'not-verified': 'enrolled, but nobody could say whether it is found again',
  'not-found-again': 'enrolled, but not found again under its own template',
  blurred: 'its face is blurred',
  'small-face': 'its face is smaller than the 200 x 200 pixels that engines advise',
} as const;

type Named<Key> = Key extends `${infer Start}…` ? `${Start}${string}` : Key;
export type Warning = Named<keyof typeof warningMeanings>;

/** Undefined for a warning that this version does not know, of another version's report. */
export function meaningOf(warning: string): string | undefined {
  const known = Object.entries(warningMeanings).find(([key]) =>
    key.endsWith('…') ? warning.startsWith(key.slice(0, -1)) : warning === key,
  );
  return known?.[1];
}
