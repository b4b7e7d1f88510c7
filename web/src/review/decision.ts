/** How a picture is changed: turned clockwise, then cropped to a part of it, in shares of what it is then. */
export interface PhotoEdit {
  readonly rotate: 0 | 90 | 180 | 270;
  readonly crop?:
    | { readonly left: number; readonly top: number; readonly width: number; readonly height: number }
    | undefined;
}

/** What somebody decided of a dead letter, as the server has it. */
export interface Decision {
  readonly seq: number;
  readonly action: 'retry' | 'retry-file' | 'edit' | 'enroll-anyway' | 'leave-out' | 'hand-on' | 'undecided';
  readonly reason?: string | undefined;
  readonly upload?: string | undefined;
  readonly edit?: PhotoEdit | undefined;
  readonly by: string;
  readonly at: string;
}
