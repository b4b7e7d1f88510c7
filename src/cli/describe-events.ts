import type { RunEventLine } from '../records/run-events.ts';
import { showInvisible } from '../util/show-invisible.ts';
import type { Span } from './spans.ts';

const causes = {
  'by-hand': 'by hand',
  budget: 'the budget of calls is used up',
  failures: 'too many dead letters',
  implausible: 'the engine gave answers that cannot be right',
  source: 'the source cannot be read',
  'account-refused': 'the engine refuses the account',
  'account-throttled': 'the engine throttles every call',
  'account-down': 'the engine does not answer',
  'account-user': 'the account was paused by hand',
} as const satisfies Record<Extract<RunEventLine, { kind: 'paused' }>['cause'], string>;

const shown = 20;

/** The latest that happened to a run, the newest last. */
export function describeEvents(events: readonly RunEventLine[]): Span[][] {
  if (events.length === 0) return [];
  const latest = events.slice(-shown);
  const earlier = events.length - latest.length;
  return [
    [{ text: `EVENTS${earlier > 0 ? ` (${earlier} earlier)` : ''}`, style: 'bold' }],
    ...latest.map((event) => [{ text: `  ${timeOf(event.at)}  ${showInvisible(textOf(event))}` }]),
  ];
}

const timeOf = (at: string) => {
  const time = new Date(at);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${time.toTimeString().slice(0, 8)}`;
};

function textOf(event: RunEventLine): string {
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
    case 'interrupted':
      return 'interrupted, can be resumed';
    case 'fault':
      return `ended by a fault (${event.code})`;
    case 'ended':
      return event.state;
  }
}
