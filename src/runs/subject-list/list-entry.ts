import type { ManifestBytes } from '../../sources/manifest/manifest-bytes.ts';

/** What stands on a line of a list of subjects: somebody, or what is wrong with it. */
export type ListEntry = { readonly line: number } & (
  | { readonly subjectId: string }
  | { readonly problem: string }
);

/** Reads a list of one kind. `offset`: behind a byte order mark; `beginning`: the file's first 64 KiB. */
export type ListReader = (
  bytes: ManifestBytes,
  options: { offset: number; beginning: Buffer; signal: AbortSignal },
) => AsyncGenerator<ListEntry>;
