import { createHash } from 'node:crypto';
import type { InboxPhoto } from '../../sources/inbox/inbox-log.ts';
import { problemOfMetadata, problemOfTemplateId } from '../../sources/manifest/listed-row.ts';
import { resolvePhotoAddress } from '../../sources/photo-address.ts';
import { problemOfText, readSubjectId } from '../../sources/read-subject-id.ts';
import { trimUnseen } from '../../sources/trim-text.ts';
import type { GivenPhoto } from '../given-photo.ts';
import { InboxError } from './inbox-error.ts';

/** A photo that is given with its picture, JPEG or another image; it is kept in the state until its outcome. */
export interface GivenPicture extends Omit<GivenPhoto, 'photo'> {
  readonly picture: Uint8Array;
}

/** A photo that can be taken in. `picture`: to be saved before, which gives its address. */
export type CheckedPhoto = Omit<InboxPhoto, 'photo'> &
  ({ readonly photo: string } | { readonly picture: Uint8Array; readonly sizeInBytes: number });

/**
 * Checks what is given, and makes the key by which it is known when it comes again: the given one, else subject, version and
 * all that is given with them. A path without a version is a new photo each time: another picture may lie there.
 * @throws InboxError `bad-photo`
 */
export async function checkPhoto(
  given: GivenPhoto | GivenPicture,
  { index, folder, key }: { index: number; folder: string; key: string | undefined },
): Promise<CheckedPhoto> {
  const bad = (field: string, problem: string | undefined): void => {
    if (problem !== undefined) throw new InboxError('bad-photo', `The ${problem}.`, { field, index });
  };
  const { subjectId: written, templateId, version, metadata = {} } = given;
  const id = readSubjectId(written);
  bad('subjectId', problemOfText('subject id', trimUnseen(written)) ?? lossy('subject id', written));
  if (templateId !== undefined)
    bad('templateId', problemOfTemplateId(templateId) ?? lossy('template id', templateId));
  bad('metadata', problemOfMetadata({ metadata, version: undefined }));
  bad('version', problemOfMetadata({ metadata: {}, version }));
  const about = {
    subjectId: id.subjectId,
    ...(id.writtenId !== undefined && { writtenId: id.writtenId }),
    ...(templateId !== undefined && { templateId }),
    ...(version !== undefined && version !== '' && { version }),
    ...(Object.keys(metadata).length > 0 && { metadata: { ...metadata } }),
    ...(id.warnings.length > 0 && { warnings: id.warnings }),
  };
  if ('picture' in given) {
    const bytes = Buffer.from(given.picture.buffer, given.picture.byteOffset, given.picture.byteLength);
    // The decoder is loaded for pictures alone.
    const { flawOfUpload } = await import('../take-upload.ts');
    bad('picture', await flawOfUpload(bytes));
    const body = bodyOf(about, createHash('sha256').update(bytes).digest('hex'));
    return { ...about, picture: bytes, sizeInBytes: bytes.length, key: keyOf(key, body), body };
  }
  const cell = trimUnseen(given.photo);
  const address = resolvePhotoAddress({ cell, folder, allowOutside: true });
  if ('problem' in address)
    throw new InboxError('bad-photo', `The ${address.problem}.`, { field: 'photo', index });
  const body = bodyOf(about, address.photo);
  const isNew = key === undefined && about.version === undefined;
  return { ...about, photo: address.photo, ...(!isNew && { key: keyOf(key, body), body }) };
}

/** Whoever decodes bytes that are no UTF-8 makes one and the same id of several. */
const lossy = (name: string, text: string) =>
  text.includes('\uFFFD')
    ? `${name} holds U+FFFD, which stands for bytes that are no UTF-8: send it as UTF-8`
    : undefined;

/** Not the key itself: it may be somebody's id. */
const keyOf = (given: string | undefined, body: string) =>
  hashOf(given === undefined ? ['body', body] : ['given', given]).slice(0, 32);

function bodyOf(
  about: Pick<InboxPhoto, 'subjectId' | 'templateId' | 'version' | 'metadata'>,
  picture: string,
) {
  const { subjectId, templateId = '', version = '', metadata = {} } = about;
  const sorted = Object.entries(metadata).sort(([one], [other]) => (one < other ? -1 : 1));
  return hashOf([subjectId, templateId, version, picture, ...sorted.flat()]).slice(0, 32);
}

const hashOf = (texts: readonly string[]) => createHash('sha256').update(JSON.stringify(texts)).digest('hex');

/** Keys of a request with several photos. */
export const keyOfPart = (key: string | undefined, index: number, count: number) =>
  key === undefined || count === 1 ? key : `${key}\n${index}`;
