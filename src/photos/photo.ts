import type { Warning } from '../util/warning.ts';

/** What an engine takes; everything else is prepared or refused. */
export interface PhotoRules {
  readonly formats: readonly PhotoFormat[];
  /** Largest body that the engine takes, in bytes; absent where its documents name none. */
  readonly maxSizeInBytes?: number;
}

/** What may be done to a photo before it is sent. */
export interface PreparationSettings {
  /** `auto`: what the engine would refuse is prepared; `never`: bytes are sent as they are. */
  readonly prepare: 'auto' | 'never';
  /** Removes metadata from photos that need no other preparation; a re-encoded one has none anyway. */
  readonly stripMetadata: boolean;
}

/** The formats that rollcall recognises; an engine takes some, the others are prepared. */
export type PhotoFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'heic' | 'tiff' | 'gif' | 'bmp' | 'jp2';

/** The bytes of a photo, read once. `sha256` is hex, of the original bytes. */
export interface PhotoBytes {
  readonly bytes: Buffer;
  readonly sha256: string;
  /** Its version as the storage states it (ETag; size and modification time), if it does. */
  readonly version?: string;
  /** What was odd when it was read. */
  readonly warnings?: readonly Warning[];
}

/** Why a photo cannot be read or is no image. `retryable`: a later read may succeed. */
export interface PhotoProblem {
  readonly problem: string;
  readonly retryable: boolean;
  /**
   * `source`: where the photos lie cannot be read at all (no drive, no credentials). `open`: of one photo it is the photo's,
   * of all of them the source's (denied, out of reach, too late): see `worker/source-watch.ts`. Absent: the photo's.
   */
  readonly fault?: 'source' | 'open';
  /** It is larger than the limit of this read. */
  readonly isOverLimit?: true;
}

/** Of several pictures of a TIFF, as libvips counts them: the page, and the sub-directory of it, -1 for none. */
export interface TiffPicture {
  readonly page: number;
  readonly subifd: number;
}

/** What a photo's header says. */
export interface InspectedPhoto {
  readonly format: PhotoFormat;
  /** In pixels, as stored: before any rotation. */
  readonly width: number;
  readonly height: number;
  /** EXIF's: 1 is upright, 2 to 8 are mirrored or rotated. */
  readonly orientation: number;
  /** It has several pictures; only one is used. */
  readonly animated: boolean;
  /** Which one, where it is not the first. */
  readonly picture?: TiffPicture;
  /** CMYK, or more than 8 bits a channel: not every decoder reads that as it is meant. */
  readonly hasUnusualColours?: true;
}

/** What the header of a plain photo says: one picture, with 8 bits a channel, in grey or RGB. */
export type PlainHeader = Pick<InspectedPhoto, 'width' | 'height' | 'orientation'>;
