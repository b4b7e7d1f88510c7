import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What the system says of a file or folder. */
export interface Owned {
  readonly path: string;
  readonly uid: number;
  readonly mode: number;
}

/** The deepest of a path and the folders above it that can be looked at: it, or what lies in it, is what is denied. */
export async function deepestSeen(path: string): Promise<Owned | undefined> {
  for (let place = path; ; place = dirname(place)) {
    const found = await stat(place).catch(() => undefined);
    if (found) return { path: place, uid: found.uid, mode: found.mode & 0o7777 };
    if (place === dirname(place)) return undefined;
  }
}

/** Whose it is, who we are, and what to do, in sentences; `nameOf` gives a user's name by the number. */
export function explainDenied(
  { path, uid, mode }: Owned,
  ownUid: number,
  nameOf: (uid: number) => string = userName,
): string {
  const [owner, self] = [nameOf(uid), nameOf(ownUid)];
  const facts = `${path} belongs to ${owner} (mode ${mode.toString(8).padStart(4, '0')})`;
  if (uid === ownUid)
    return `${facts}, who this is: give yourself the right to it (chmod -R u+rwX '${path}'), or set --state (ROLLCALL_STATE) to another folder.`;
  return `${facts}, and this is ${self}: run rollcall as ${owner}, or have it given to ${self} (sudo chown -R ${self} '${path}'), or set --state (ROLLCALL_STATE) to a folder of your own.`;
}

/** Why a path may not be used, where the system said EACCES or EPERM. */
export async function whyDenied(path: string): Promise<string> {
  const seen = await deepestSeen(path);
  const ownUid = process.getuid?.();
  if (!seen || ownUid === undefined)
    return 'This user may not use it: change the permissions, or set --state (ROLLCALL_STATE) to another folder.';
  return explainDenied(seen, ownUid);
}

/** By the system's list of users; the number where it has no name. */
export function userName(uid: number): string {
  try {
    const users = readFileSync('/etc/passwd', 'utf8').split('\n');
    return users.map((line) => line.split(':')).find((fields) => fields[2] === `${uid}`)?.[0] ?? `${uid}`;
  } catch {
    return `${uid}`;
  }
}
