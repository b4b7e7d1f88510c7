import type { ArchiveKind } from './archive-address.ts';
import type { ArchiveBytes } from './archive-bytes.ts';
import type { ArchiveFile } from './archive-file.ts';
import { openTarFile } from './tar-file.ts';
import { openTarGzFile } from './tar-gz-file.ts';
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
    case 'tar':
      return openTarFile(bytes, address);
    case 'tar.gz':
      return openTarGzFile(bytes, address);
  }
}
