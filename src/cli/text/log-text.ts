import { showInvisible } from '../../util/show-invisible.ts';
import type { Span } from './spans.ts';

const levels: Readonly<Record<number, { name: string; style: Span['style'] }>> = {
  20: { name: 'debug', style: 'gray' },
  30: { name: 'info', style: 'gray' },
  40: { name: 'warning', style: 'yellow' },
  50: { name: 'error', style: 'red' },
};

/**
 * A line of the log as a person reads it: `15:04:05 warning  the queue does not answer (reason: …)`. What another process
 * wrote that is no line of a log stays as it is.
 */
export function logText(line: string): Span[] {
  const { level, time, msg, ...facts } = parse(line);
  if (msg === undefined) return [{ text: showInvisible(line) }];
  const { name, style } = levels[Number(level)] ?? { name: 'fatal', style: 'red' };
  const at = new Date(String(time)).toTimeString().slice(0, 8);
  const said = Object.entries(facts).map(([key, value]) => `${key}: ${textOf(value)}`);
  const why = said.length > 0 ? ` (${said.join(', ')})` : '';
  return [{ text: `${at} ` }, { text: name, style }, { text: showInvisible(`  ${String(msg)}${why}`) }];
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
