import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { longestInMs, parseDuration, writeDuration } from './durations.ts';

/** What kind of value a setting has. */
export interface ValueType<Value = unknown, Given = unknown> {
  /** From what is written on the command line, in the environment or in the config file. */
  readonly read: z.ZodType<Value, string>;
  /** As `run.json` has it. */
  readonly stored: z.ZodType<Value>;
  /** As it would be written on the command line, for messages. */
  write(value: Value): string;
  /** Its flag may be given several times. */
  readonly isList?: true;
  /** What a script may give; never there, for the type alone. */
  readonly given?: Given;
}

/** Written text that `parse` understands; `expected` is said where it does not. */
export const written = <Value>(expected: string, parse: (text: string) => Value | undefined) =>
  z.string().transform((text, context): Value => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue(expected);
    return z.NEVER;
  });

/** Any text but none at all. */
export const text: ValueType<string, string> = {
  read: z.string().refine((value) => value.trim() !== '', 'expected a value'),
  stored: z.string(),
  write: String,
};

export const textLike = (pattern: RegExp, expected: string): ValueType<string, string> => ({
  ...text,
  read: z.string().regex(pattern, expected),
});

type WrittenNumber = `${number}`;

function numeric(expected: string, isRight: (value: number) => boolean) {
  const parse = (text: string) => (text.trim() !== '' && isRight(Number(text)) ? Number(text) : undefined);
  const type: ValueType<number, number | WrittenNumber> = {
    read: written(expected, parse),
    stored: z.number(),
    write: String,
  };
  return type;
}

export const wholeNumber = (smallest: number, largest: number) =>
  numeric(
    largest === Number.MAX_SAFE_INTEGER
      ? `expected a whole number, ${smallest} or more`
      : `expected a whole number from ${smallest} to ${largest}`,
    (value) => Number.isInteger(value) && value >= smallest && value <= largest,
  );

export const positiveNumber = (largest: number) =>
  numeric(`expected a number above 0, ${largest} at most`, (value) => value > 0 && value <= largest);

/** As many as the embedded queue has connections for. */
const mostProcesses = 32;

/** `auto` is one for each core. */
export const processCount: ValueType<number, number | WrittenNumber | 'auto'> = {
  ...wholeNumber(1, mostProcesses),
  read: written(`expected auto or a whole number from 1 to ${mostProcesses}`, (text) =>
    text.trim().toLowerCase() === 'auto'
      ? Math.min(availableParallelism(), mostProcesses)
      : wholeNumber(1, mostProcesses).read.safeParse(text).data,
  ),
};

export const similarity = numeric(
  'expected a similarity from 0 to 100, such as 0.75 (OOTO) or 82 (Verihubs)',
  (value) => value >= 0 && value <= 100,
);

type WrittenSwitch = 'true' | 'false' | 'on' | 'off' | 'yes' | 'no' | '1' | '0';

export const onOff: ValueType<boolean, boolean | WrittenSwitch> = {
  read: written('expected true or false', (text) => {
    if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true;
    return ['false', '0', 'no', 'off', ''].includes(text.toLowerCase()) ? false : undefined;
  }),
  stored: z.boolean(),
  write: (value) => (value ? 'on' : 'off'),
};

type Words = readonly [string, ...string[]];

/** One of the given words. */
export function oneOf<const Known extends Words>(words: Known): ValueType<Known[number], Known[number]> {
  const word = z.enum<Known>(words, { error: `expected one of ${words.join(', ')}` });
  return { read: word as z.ZodType<Known[number], string>, stored: word, write: String };
}

/** A comma in braces parts nothing: `*.{jpg,png}`. Repeated flags are joined with commas. */
const partsOf = (text: string) =>
  text
    .split(/,(?![^{}]*\})/u)
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Words with commas between them. */
export const list: ValueType<string[], string | readonly string[]> = {
  read: written('expected words with commas between them', partsOf),
  stored: z.array(z.string()),
  write: (values) => values.join(',') || 'none',
  isList: true,
};

/** A list of some of the given words. */
export function listOf<const Known extends Words>(
  words: Known,
  expected: string,
): ValueType<Known[number][], string | readonly Known[number][]> {
  const stored = z.array(z.enum<Known>(words), { error: expected });
  const parse = (text: string) => stored.safeParse(partsOf(text)).data;
  return { read: written(expected, parse), stored, write: (values) => list.write([...values]), isList: true };
}

const isDuration = (ms: number | undefined) => ms !== undefined && ms > 0 && ms <= longestInMs;

/** Text with a unit. Value: milliseconds. */
export const duration: ValueType<number, string> = {
  read: written('expected a duration such as 500ms, 30s, 5m or 1h, 24d at most', (text) =>
    isDuration(parseDuration(text)) ? parseDuration(text) : undefined,
  ),
  stored: z.number(),
  write: writeDuration,
};

export interface Backoff {
  firstDelayInMs: number;
  ceilingInMs: number;
}

/** First delay and ceiling, `1s..60s`. */
export const backoff: ValueType<Backoff, string> = {
  read: written('expected first delay and ceiling such as 1s..60s, 24d at most', (text) => {
    const [firstDelayInMs = 0, ceilingInMs = 0, ...rest] = text.split('..').map(parseDuration);
    const isRange = isDuration(firstDelayInMs) && isDuration(ceilingInMs) && ceilingInMs >= firstDelayInMs;
    return isRange && rest.length === 0 ? { firstDelayInMs, ceilingInMs } : undefined;
  }),
  stored: z.object({ firstDelayInMs: z.number(), ceilingInMs: z.number() }),
  write: ({ firstDelayInMs, ceilingInMs }) =>
    `${writeDuration(firstDelayInMs)}..${writeDuration(ceilingInMs)}`,
};

/** `5%` or `100`. */
export type ShareOrCount = { share: number } | { count: number };

function parseShareOrCount(text: string): ShareOrCount | undefined {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const amount = Number(match?.[1]);
  if (match?.[2] === '%' && amount > 0 && amount <= 100) return { share: amount / 100 };
  return match?.[2] === '' && Number.isSafeInteger(amount) && amount > 0 ? { count: amount } : undefined;
}

const shareOrCount: Omit<ValueType<ShareOrCount, string | number>, 'read'> = {
  stored: z.union([z.object({ share: z.number() }), z.object({ count: z.number() })]),
  write: (value) =>
    'count' in value ? String(value.count) : `${Number((value.share * 100).toPrecision(12))}%`,
};

/** A share of the last 1,000 outcomes (`50%`) or a count of dead letters (`200`). */
export const failureThreshold: ValueType<ShareOrCount, string | number> = {
  ...shareOrCount,
  read: written('expected a share such as 50% or a count such as 200', parseShareOrCount),
};
export type FailureThreshold = ShareOrCount;

/** Those chosen by count are kept in memory. */
const largestCount = 1_000_000;

/** Which photos: `all`, a share (`5%`) or a count (`100`). `all` is the share 1. */
export const sample: ValueType<ShareOrCount, string | number> = {
  ...shareOrCount,
  read: written(
    `expected all, a share such as 5% or a count such as 100, ${largestCount} at most`,
    (text): ShareOrCount | undefined => {
      if (text.trim().toLowerCase() === 'all') return { share: 1 };
      const parsed = parseShareOrCount(text);
      return parsed && 'count' in parsed && parsed.count > largestCount ? undefined : parsed;
    },
  ),
};

export interface HostAndPort {
  host: string | undefined;
  port: number;
}

/** Where to listen: `127.0.0.1:8080`, `[::1]:8080`, or a port alone, then on all addresses. */
export const hostAndPort: ValueType<HostAndPort, string | number> = {
  read: written('expected a host and a port such as 0.0.0.0:8080', (text) => {
    const match = /^(?:(\[[\da-f:.]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text.trim());
    const port = Number(match?.[2]);
    return match && port <= 65_535 ? { host: match[1]?.replace(/^\[|\]$/g, ''), port } : undefined;
  }),
  stored: z.object({ host: z.string().or(z.undefined()), port: z.number() }),
  write: ({ host, port }) => (host === undefined ? String(port) : `${host}:${port}`),
};
