import { setPriority } from 'node:os';

/** So that the clock that measures is not held up by what it measures, where this user may say so. */
export function preferToEverything(pid: number): void {
  try {
    setPriority(pid, -20);
  } catch {
    // Then it is measured as well as it can be.
  }
}
