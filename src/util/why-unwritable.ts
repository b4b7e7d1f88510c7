import { systemFixOf } from './system-fix.ts';

/** Why a new file that somebody named cannot be made, and what to do. Follows its name; without a full stop. */
export function whyUnwritable({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EEXIST':
      return 'exists already; name a new file';
    case 'ENOENT':
      return 'cannot be written, since its folder is not there: make it, or name another file';
    case 'ENOTDIR':
      return 'cannot be written, since a part of its path is a file and no folder: check the path';
    case 'EROFS':
      return 'cannot be written (EROFS): its file system is read-only; name a file elsewhere';
    case 'EACCES':
    case 'EPERM':
      return `cannot be written (${code}): this user may not write into its folder; name a file elsewhere`;
    default:
      return `cannot be written (${code ?? message}). ${systemFixOf(code) ?? 'Name another file'}`;
  }
}
