import { readFileSync } from 'node:fs';
import { UsageError } from './errors.ts';
import { whyUnreadable } from './why-unreadable.ts';

/**
 * What a file holds that a variable names, as mounted secrets are: without the line break that editors leave at its end.
 * @throws UsageError naming variable and file, never what is in it
 */
export function readSecretFile(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const why = whyUnreadable(cause as NodeJS.ErrnoException);
    throw new UsageError('credential', `${variable}: ${path} ${why}`, { cause });
  }
}
