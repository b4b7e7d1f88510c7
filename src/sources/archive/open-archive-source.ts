import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isS3Address } from '../../storage/s3/s3-address.ts';
import type { S3Connection } from '../../storage/s3/s3-connection.ts';
import { s3Fault } from '../../storage/s3/s3-fault.ts';
import { FaultError, UsageError } from '../../util/errors.ts';
import { whyUnreadable } from '../../util/why-unreadable.ts';
import type { IdPattern } from '../id-from.ts';
import type { ListRules } from '../list-rules.ts';
import type { Source } from '../source.ts';
import { type ArchiveKind, archiveKindOf, looksArchived } from './archive-address.ts';
import { openLocalArchive, openS3Archive } from './archive-bytes.ts';
import { createArchiveSource } from './archive-source.ts';
import { openArchiveFile } from './open-archive-file.ts';

export interface OpenArchiveOptions {
  readonly idPattern: IdPattern;
  readonly rules: ListRules;
  readonly s3: S3Connection | undefined;
}

/**
 * The archive file at an absolute path or an address on S3, if it is one by its suffix.
 * @throws UsageError if it is not there, or not whole
 */
export async function openArchiveSource(
  address: string,
  options: OpenArchiveOptions,
): Promise<Source | undefined> {
  const kind = archiveKindOf(address);
  if (kind === undefined) return undefined;
  if (looksArchived(address))
    throw new UsageError(
      'source-kind',
      `${address} lies in a folder named as if it were an archive file, followed by "!": its photos could not be told from those of that file. Rename the folder.`,
    );
  return isS3Address(address) ? openOnS3(address, kind, options) : openLocal(address, kind, options);
}

async function openLocal(
  address: string,
  kind: ArchiveKind,
  { idPattern, rules }: OpenArchiveOptions,
): Promise<Source> {
  const openBytes = () =>
    openLocalArchive(address).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError('source-missing', `${address} ${whyUnreadable(error)}.`, { cause: error });
    });
  return createArchiveSource({
    address,
    rootFolder: dirname(await realpath(address)),
    idPattern,
    rules,
    openBytes,
    openFile: (bytes) => openArchiveFile(kind, bytes, address),
    explainFault: (cause) => failingFile(address, cause),
  });
}

function failingFile(address: string, cause: unknown): FaultError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new FaultError(
    'source-unreadable',
    `${address} could not be read to its end (${code}): the list would not be whole. See to its drive or network share, then start the same command again; it goes on where it stopped.`,
    { cause },
  );
}

function openOnS3(
  address: string,
  kind: ArchiveKind,
  { idPattern, rules, s3 }: OpenArchiveOptions,
): Promise<Source> {
  if (s3 === undefined) throw new Error('a source on S3 needs a connection');
  const explainFault = (error: unknown) =>
    s3Fault(error, { address, deed: 'read', permission: 's3:GetObject' });
  return createArchiveSource({
    address,
    rootFolder: undefined,
    idPattern,
    rules,
    openBytes: (signal) =>
      openS3Archive(address, { s3, signal }).catch((error) => {
        signal.throwIfAborted();
        throw explainFault(error);
      }),
    openFile: (bytes) => openArchiveFile(kind, bytes, address),
    explainFault,
  });
}
