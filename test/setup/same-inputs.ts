import fc from 'fast-check';
import { isLong } from '../helpers/long.ts';

/**
 * In `npm test` properties meet the same inputs each time: one that fails does so by the change at hand. The long form
 * draws others each time, and more of them.
 */
if (!isLong) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
