import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { namesThatComeTwice } from '../util/names-that-come-twice.ts';
import { ProblemError } from './problem.ts';

/** A body of JSON; what is larger comes as a form. */
const largestInBytes = 8 * 1024 * 1024;

/** JSON is the one kind of body, but for the routes of forms; none at all is none, whatever its Content-Type. */
export function addJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => {
      if (body.length === 0) return undefined;
      if (body.length > largestInBytes)
        throw new ProblemError(413, 'too-large', `JSON may have ${largestInBytes} bytes at most.`);
      if (!isUtf8(body)) throw bad('is not UTF-8');
      return readJson(body.toString().replace(/^\ufeff/, ''));
    },
  );
}

/**
 * A JSON text of a client, in which nothing is said twice and everything can be kept as it is.
 * @throws ProblemError
 */
export function readJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('is no JSON');
  }
  const [name] = namesThatComeTwice(text);
  if (name !== undefined) throw bad(`has the name ${JSON.stringify(name)} twice in one object`);
  if (!text.includes('\\u') && !text.includes('__proto__')) return value;
  const written = JSON.stringify(value);
  if (/"__proto__":/.test(written)) throw bad('has the name "__proto__", which nothing here has');
  // A surrogate with its partner is written as the character that both are.
  if (/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(written))
    throw bad('holds a NUL character, or half of a character, which no text may have');
  return value;
}

const bad = (what: string) => new ProblemError(400, 'bad-json', `What was sent ${what}.`);
