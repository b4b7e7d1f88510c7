import { acceptance } from '../acceptance.ts';
import { listingSources, onAccounts, spending, startingRuns } from '../commands.ts';
import { inGroup } from '../setting.ts';
import { backoff, duration, failureThreshold, wholeNumber } from '../value-types.ts';

/** What is tried again, and when a run stops. */
export const failureSettings = inGroup('failures', {
  maxAttempts: {
    type: wholeNumber(1, 100),
    scope: 'changeable',
    commands: [...startingRuns, ...spending],
    default: '5',
    placeholder: '<calls>',
    description: 'calls for one photo before it is set aside',
  },
  backoff: {
    type: backoff,
    scope: 'changeable',
    commands: [...startingRuns, ...spending],
    default: '1s..60s',
    placeholder: '<from..to>',
    description: 'wait before another attempt: first delay and ceiling',
  },
  giveUpAfter: {
    type: duration,
    scope: 'process',
    commands: onAccounts,
    default: '1h',
    placeholder: '<duration>',
    description: 'how long an engine may be down, or throttle every call, before the run pauses',
  },
  stopAfterFailures: {
    type: failureThreshold,
    scope: 'changeable',
    commands: [...startingRuns, 'set'],
    default: '50%',
    placeholder: '<share|count>',
    description: 'pause at this share of the last 1,000 outcomes, or at this many dead letters',
  },
  canary: {
    type: wholeNumber(1, 10_000),
    scope: 'fixed',
    commands: listingSources,
    placeholder: '<photos>',
    description:
      'call so many photos from all over the list first; the rest follows by itself if they are accepted, else the run pauses',
  },
  canaryAccept: {
    type: acceptance,
    scope: 'changeable',
    commands: [...listingSources, 'set'],
    placeholder: '<rules>',
    description:
      'what a canary is accepted by: shares or counts of statuses and codes; default: rejected<=5%,duplicate<=5%,failed<=1%, also for those of the three that are not named',
  },
});
