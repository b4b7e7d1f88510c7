import { expect } from 'vitest';
import type { CallReply } from '../../src/engines/engine.ts';

/** What the report and the queue do with a reply, and what PostgreSQL and a terminal do not stand. */
export function expectStorable(reply: CallReply, secret: string): void {
  const line = JSON.stringify(reply);
  expect(line.length).toBeLessThan(200_000);
  expect(line.isWellFormed()).toBe(true);
  // A text that spells an escape out, with a backslash of its own, is no escape.
  const escapes = line.replaceAll('\\\\', '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(escapes).not.toMatch(/[\u0000-\u001f]|\\u0000|\\ud[89a-f]/);
  // As a key: as a value, of a template id say, it is a text like any other.
  expect(JSON.stringify({ ...reply, message: '' })).not.toContain('"__proto__":');
  expect(line).not.toContain(secret);
  expect('message' in reply ? reply.message.length : 0).toBeLessThan(300);
}
