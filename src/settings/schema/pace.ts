import { onAccounts, spending, startingRuns } from '../commands.ts';
import { amount, price } from '../price.ts';
import { inGroup } from '../setting.ts';
import { duration, positiveNumber, processCount, wholeNumber } from '../value-types.ts';

/** How fast, and how much. */
export const paceSettings = inGroup('pace', {
  rate: {
    type: positiveNumber(10_000),
    scope: 'changeable',
    // A run that was not given a rate leaves it to the processes that work on it; what a worker is given is its ceiling.
    kept: 'if-given',
    commands: [...onAccounts, 'set'],
    default: '10',
    placeholder: '<calls>',
    description: 'calls a second per account, over all processes on the same queue',
  },
  concurrency: {
    type: wholeNumber(1, 1000),
    scope: 'process',
    commands: [...onAccounts, 'set'],
    default: '16',
    placeholder: '<calls>',
    description: 'calls in flight in each process',
  },
  processes: {
    type: processCount,
    scope: 'process',
    commands: ['run', 'worker'],
    default: '1',
    placeholder: '<count>',
    description: 'processes that work, this one included; auto: one for each core',
  },
  timeout: {
    type: duration,
    scope: 'process',
    commands: [...onAccounts, 'preflight'],
    default: '30s',
    placeholder: '<duration>',
    description: 'time for one call, from connecting to the last byte',
  },
  maxCalls: {
    type: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    scope: 'changeable',
    commands: startingRuns,
    placeholder: '<calls>',
    description: 'a budget: the run pauses before it makes more calls than this',
  },
  price: {
    type: price,
    scope: 'fixed',
    commands: [...startingRuns, ...spending],
    placeholder: '<price>',
    description:
      'what a call costs, in your currency: 0.002, or enroll=0.002,identify=0.001; a kind that is not named costs as the dearest that is',
  },
  budget: {
    type: amount,
    scope: 'changeable',
    commands: [...startingRuns, ...spending, 'set'],
    placeholder: '<amount>',
    description: 'pause before the calls cost more than this; needs --price',
  },
});
