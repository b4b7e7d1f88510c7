import { systemFixOf } from './system-fix.ts';

/** Why a file that somebody named cannot be read, and what to do. Follows its name; without a full stop. */
export function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'is not there: check the path';
    case 'ENOTDIR':
      return 'is not there, since a part of its path is a file and no folder: check the path';
    case 'EISDIR':
      return 'is a folder: name a file';
    case 'ELOOP':
      return 'cannot be read (ELOOP): its links lead in a circle; name what they were to lead to';
    case 'EACCES':
    case 'EPERM':
      return `cannot be read (${code}): give this user the right to read it and to enter the folders above it`;
    default: {
      const fix = systemFixOf(code);
      return `cannot be read (${code ?? message})${fix === undefined ? '' : `. ${fix}`}`;
    }
  }
}
