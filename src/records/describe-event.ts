import type { RunEventLine } from './run-events.ts';

const causes = {
  'by-hand': 'by hand',
  budget: 'the budget is used up',
  failures: 'too many dead letters',
  canary: 'the canary was refused',
  implausible: 'the engine gave answers that cannot be right',
  source: 'the source cannot be read',
  'account-refused': 'the engine refuses the account',
  'account-throttled': 'the engine throttles every call',
  'account-down': 'the engine does not answer',
  'account-user': 'the account was paused by hand',
} as const satisfies Record<Extract<RunEventLine, { kind: 'paused' }>['cause'], string>;

/** What happened, in words. Without other imports than types, since the page has it, too. */
export function describeEvent(event: RunEventLine): string {
  switch (event.kind) {
    case 'started':
      return 'started';
    case 'resumed':
      return 'resumed';
    case 'took-over':
      return 'taken over by another process, or by the command started again';
    case 'paused':
      return `paused: ${causes[event.cause]}`;
    case 'throttled':
      return 'the engine throttled calls';
    case 'engine-down':
      return 'the engine does not answer';
    case 'engine-up':
      return 'the engine answers again';
    case 'changed':
      return `changed to ${describeChange(event)}`;
    case 'canary-accepted':
      return 'the canary was accepted';
    case 'interrupted':
      return 'interrupted, can be resumed';
    case 'fault':
      return `ended by a fault (${event.code})`;
    case 'ended':
      return event.state;
  }
}

function describeChange({
  rate,
  concurrency,
  stopAfterFailures,
  canaryAccept,
  budget,
}: Extract<RunEventLine, { kind: 'changed' }>): string {
  return [
    rate !== undefined && `${rate} calls a second`,
    concurrency !== undefined && `${concurrency} photos at once in each process`,
    stopAfterFailures !== undefined && `a stop after ${stopAfterFailures} dead letters`,
    canaryAccept !== undefined && `a canary accepted by ${canaryAccept}`,
    budget !== undefined && `a budget of ${budget}`,
  ]
    .filter((text) => text !== false)
    .join(', ');
}
