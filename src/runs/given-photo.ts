/** A photo that a script enqueues, or gives to an inbox: the columns of a manifest. */
export interface GivenPhoto {
  readonly subjectId: string;
  /** Absolute path (anywhere), path relative to the working folder and in it, `https://…` or `s3://…`. */
  readonly photo: string;
  readonly templateId?: string;
  readonly version?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}
