import { describeEvent } from '../../records/describe-event.ts';
import type { RunEventLine } from '../../records/run-events.ts';
import { showInvisible } from '../../util/show-invisible.ts';
import type { Span } from './spans.ts';

const shown = 20;

/** The latest that happened to a run, the newest last. */
export function describeEvents(events: readonly RunEventLine[]): Span[][] {
  if (events.length === 0) return [];
  const latest = events.slice(-shown);
  const earlier = events.length - latest.length;
  return [
    [{ text: `EVENTS${earlier > 0 ? ` (${earlier} earlier)` : ''}`, style: 'bold' }],
    ...latest.map((event) => [{ text: `  ${timeOf(event.at)}  ${showInvisible(describeEvent(event))}` }]),
  ];
}

const timeOf = (at: string) => {
  const time = new Date(at);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${time.toTimeString().slice(0, 8)}`;
};
