import { userInfo } from 'node:os';

/** Who runs this process; undefined for a user id that the system knows no name of, as in a container with `--user`. */
export function userName(): string | undefined {
  try {
    return userInfo().username || undefined;
  } catch {
    return undefined;
  }
}
