import type { IdPattern } from './id-from.ts';
import { imageNameOf } from './image-signature.ts';
import type { LeftOut, LeftOutReason } from './left-out.ts';
import type { ListedPhoto } from './source.ts';

/** What a file turns out to be: a photo, of which this is known; a line with a problem; or left out. */
export type Looked =
  | Pick<ListedPhoto, 'version' | 'sizeInBytes'>
  | { readonly problem: string }
  | { readonly why: LeftOutReason };

/** @param beginning undefined where it cannot be read: then the photo is listed, and who reads it says why */
export function byContent(
  verdict: 'if-image' | 'odd',
  beginning: Buffer | undefined,
  version: Pick<ListedPhoto, 'version' | 'sizeInBytes'>,
): Looked {
  if (beginning === undefined) return version;
  const image = imageNameOf(beginning);
  if (image === undefined) return { why: 'no-image' };
  if (verdict === 'if-image') return version;
  return {
    problem: `is a ${image} image whose suffix is none of an image's: rename it, or name it with --include or --exclude`,
  };
}

/** Who may be meant by a file that is left out: pictures of other kinds, and copies with odd names, not notes. */
export function possibleSubject(
  path: string,
  why: LeftOutReason,
  { matchFile }: Pick<IdPattern, 'matchFile'>,
): Pick<LeftOut, 'subjectId'> {
  const subjectId = why === 'other-picture' || why === 'temporary' ? matchFile(path) : undefined;
  return subjectId === undefined ? {} : { subjectId };
}
