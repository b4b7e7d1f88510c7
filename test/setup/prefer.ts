import { setPriority } from 'node:os';

/**
 * Before tests that measure a pace: they and all that they start from here on are preferred to what else runs, where this
 * user may say so. Otherwise it is measured as well as it can be.
 */
try {
  setPriority(-20);
} catch {
  // Not allowed.
}
