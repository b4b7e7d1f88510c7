import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects this process's garbage at once, so that what memory is used is what is held. */
export const collectGarbage: () => void = runInNewContext('gc');
