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
  /** Takes metadata out of photos that need no other preparation; a prepared one has none. */
  readonly stripMetadata: boolean;
}

/** The formats that rollcall recognises; an engine takes some, the others are prepared. */
export type PhotoFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'heic' | 'tiff' | 'gif' | 'bmp';

/** The bytes of a photo, read once. `sha256` is hex, of the original bytes. */
export interface PhotoBytes {
  readonly bytes: Buffer;
  readonly sha256: string;
  /** What the place it was read from says of its version (ETag, size and modification time), if anything. */
  readonly version?: string;
}

/** Why a photo has no bytes or no image. `retryable`: the place it lies in may answer better later. */
export interface PhotoProblem {
  readonly problem: string;
  readonly retryable: boolean;
  /** It is larger than the reader was told to read. */
  readonly isOverLimit?: true;
}

/** What a photo's header says. */
export interface InspectedPhoto {
  readonly format: PhotoFormat;
  /** In pixels, as stored: before any rotation. */
  readonly width: number;
  readonly height: number;
  /** EXIF's: 1 is upright, 2 to 8 are mirrored or rotated. */
  readonly orientation: number;
  /** It has several pictures; only the first is used. */
  readonly animated: boolean;
}
