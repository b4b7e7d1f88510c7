/**
 * What each warning means, in the words of the summary and of docs/operations.md. A warning does not keep a photo from
 * being enrolled; it says what may make its template another one than expected. Ends in `…`: the rest names a format.
 */
export const warningMeanings = {
  'exif-rotated': 'turned upright, as its EXIF says',
  'converted-from-…': 'of a format that the engine does not take: sent as JPEG or PNG',
  'exif-not-applied':
    'a HEIC whose EXIF says it is turned, while the file itself does not: left as viewers show it; if it lies on its side there, turn it and send it again',
  'first-picture-only': 'a file with several pictures: only the first was used',
  'largest-picture-only': 'a file with several pictures: the largest was used',
  'converted-to-srgb':
    'of colours that engines may not read as they are meant (CMYK, or 16 bits a channel): sent in sRGB with 8 bits',
  'end-marker-added': 'its end marker was missing: it was added, no row of the picture is lost',
  'cut-off': 'its file breaks off before its picture ends: sent as it is, for the engine to judge',
  'metadata-stripped': 'sent without its metadata; the picture data are the same',
  'file-replaced': 'another file was sent in its place, as a reviewer decided',
  'edited-by-hand': 'turned or cropped as a reviewer decided',
  recompressed: 'encoded again, with less quality',
  'scaled-down': 'sent with fewer pixels, to fit the size that the engine takes',
  'changed-since-listing': 'replaced since it was listed: what was sent is the newer one',
  'source-changed': 'the list has changed since this run read it: what was added is not in it',
  'inventory-overdue':
    'the newest delivery of the inventory is older than usual: what was added since is not in the list',
  'template-id-differs':
    'the engine gave an id of its own in place of the one sent: a call that is repeated may enroll the person twice',
  'template-shared':
    'the engine answered with the template of somebody else: what it stored is not known, and the photo is sent again next time',
  'not-verified': 'enrolled, but nobody could say whether it is found again',
  'not-found-again': 'enrolled, but not found again under its own template',
  'other-folder':
    'its id was enrolled from another folder with another picture before: perhaps somebody else with the same file name',
  blurred: 'its face is blurred',
  'small-face': 'its face is smaller than the 200 x 200 pixels that engines advise',
  'id-trimmed': 'blanks or marks that nobody sees were around the subject id in the list',
  'id-invisible': 'the subject id has characters in it that nobody sees',
  'id-like-missing': 'the id may be what a program writes where there is none (NULL, N/A)',
  'id-like-date': 'the id may be a date that a spreadsheet made of it',
  'id-like-scientific': 'the id may be a number that a spreadsheet has shortened (1E5)',
  'id-like-hexadecimal': 'the id is a number in hexadecimal, others of the list are none',
  'id-like-decimal': 'the id may be a number whose decimals a program has added (17.0)',
  'id-like-garbled': 'the id may be UTF-8 that was read as Windows-1252 (MÃ¼ller for Müller)',
  'id-like-rounded': 'the id may be a number of which a spreadsheet has kept 15 digits',
  'id-zeros-lost': 'the id may have lost its leading zeros: others of the list have them',
  'photo-trimmed': 'blanks or marks that nobody sees were around the path in the list',
  'photo-name-differs': 'found under a name that differs in the form of Unicode, or in slashes',
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
