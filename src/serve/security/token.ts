import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { StateStore } from '../../storage/state/state-store.ts';
import { UsageError } from '../../util/errors.ts';
import { whyUnreadable } from '../../util/why-unreadable.ts';

/** What page and programs show, and where people find it. */
export interface ServeToken {
  readonly text: string;
  readonly place: string;
}

const ownFile = 'serve-token';
const shortest = 16;

/**
 * The token of `--token-file`, else the state's own, which is made once: whoever may read the state may use it.
 * @throws UsageError for a file that cannot be read, or whose token is too short to be one
 */
export async function readToken(
  state: StateStore,
  { tokenFile, folder }: { tokenFile: string | undefined; folder: string },
): Promise<ServeToken> {
  if (tokenFile !== undefined) {
    const place = resolve(folder, tokenFile);
    return { text: checked(await readGiven(place), place), place };
  }
  const place = state.locate(ownFile);
  // Of two that start at once both take what the first has written.
  if (!(await state.read(ownFile))) await state.create(ownFile, `${randomBytes(32).toString('base64url')}\n`);
  return { text: checked((await state.read(ownFile))?.toString() ?? '', place), place };
}

async function readGiven(place: string): Promise<string> {
  try {
    return await readFile(place, 'utf8');
  } catch (cause) {
    const why = whyUnreadable(cause as NodeJS.ErrnoException);
    throw new UsageError('token-file', `--token-file (ROLLCALL_TOKEN_FILE): ${place} ${why}.`, { cause });
  }
}

function checked(content: string, place: string): string {
  const token = content.trim();
  if (/^[\x21-\x7e]+$/.test(token) && token.length >= shortest) return token;
  throw new UsageError(
    'token-file',
    `${place} has no token: one line of ${shortest} or more letters, digits and signs, such as 'openssl rand -hex 32' prints.`,
  );
}

/** In a time that tells nothing of either text, their lengths included. */
export function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

const digest = (text: string) => createHash('sha256').update(text).digest();
