import type { ArchiveKind } from './archive-address.ts';
import type { ArchiveBytes } from './archive-bytes.ts';
import type { ArchiveFile } from './archive-file.ts';
import { openZipFile } from './zip-file.ts';

/** Opens an archive file by what its suffix says. @throws UsageError if it is none of that kind, or not whole */
export async function openArchiveFile(
  kind: ArchiveKind,
  bytes: ArchiveBytes,
  address: string,
): Promise<ArchiveFile> {
  switch (kind) {
    case 'zip':
      return openZipFile(bytes, address);
    default:
      throw new Error(`archives of kind ${kind} are not read here`);
  }
}
