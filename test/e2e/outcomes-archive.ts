import { expect } from 'vitest';
import { makeImageBomb, makePhoto } from '../helpers/photos.ts';
import { readOotoEnrollDocument } from '../helpers/seed-documents.ts';

/** A photo of the archive: how the engine answers to it, and how it has to end. */
export interface OutcomeCase {
  /** File name without the number before it; the label in the script keeps cases apart. */
  readonly name: string;
  readonly photo: () => Promise<Buffer>;
  /** Calls that the engine's server must have seen. */
  readonly calls: number;
  /** What the report's line must say, among other things. */
  readonly line: Readonly<Record<string, unknown>>;
  /** Between its calls the program waits, longer each time. */
  readonly isTriedAgain?: true;
}

export const maxAttempts = 5;
/** The engine is in the test's own process, which a busy machine holds up. */
export const timeoutInMs = 5_000;
export const firstDelayInMs = 500;
export const ceilingInMs = 2_000;

const enrolled = { status: 'enrolled', stored: 'yes', error: undefined };
const jpeg = (script: string) => () => makePhoto({ script });

const verdict = (code: string, httpStatus = 400) => ({
  status: 'rejected',
  stored: 'no',
  attempts: 1,
  calls: undefined,
  templateId: undefined,
  error: { kind: 'rejected', code, httpStatus },
});

/** Attempts spent; the engine was sent the photo, so nobody knows what it holds. */
const spent = (error: Readonly<Record<string, unknown>> = {}) => ({
  status: 'failed',
  stored: 'unknown',
  attempts: maxAttempts,
  calls: undefined,
  error: { kind: 'unavailable', ...error },
});

const noPhoto = (message: RegExp) => ({
  status: 'failed',
  stored: 'no',
  attempts: 0,
  error: { kind: 'photo', message: expect.stringMatching(message) },
});

const document = readOotoEnrollDocument();
const unknownCode = 42;

const verdicts: OutcomeCase[] = [
  ...[...document.codes].map(([code, info]) => ({
    name: `code-${code}`,
    photo: jpeg(`code-${code}`),
    calls: 1,
    line: {
      ...verdict(`${code}`),
      error: { kind: 'rejected', code: `${code}`, httpStatus: 400, message: info },
    },
  })),
  { name: 'unknown-code', photo: jpeg(`code-${unknownCode}`), calls: 1, line: verdict(`${unknownCode}`) },
  { name: 'code-in-200', photo: jpeg('ok-code-5'), calls: 1, line: verdict('5', 200) },
  { name: 'http-413', photo: jpeg('413'), calls: 1, line: verdict('http-413', 413) },
];

const again = (script: string, calls: number, line: OutcomeCase['line']): OutcomeCase => ({
  name: script.replace(/[^a-z0-9-]/g, '-'),
  photo: jpeg(`${script}#again`),
  calls,
  line,
  isTriedAgain: true,
});

const unavailable: OutcomeCase[] = [
  again('503x2', 3, { ...enrolled, attempts: 3 }),
  again('500', maxAttempts, spent({ httpStatus: 500 })),
  again('html-502', maxAttempts, spent({ httpStatus: 502 })),
  again('html-502x1', 2, { ...enrolled, attempts: 2 }),
  again('reset-beforex1', 2, { ...enrolled, attempts: 2 }),
  again('reset-after', maxAttempts, spent()),
  again('cut-length', maxAttempts, spent()),
  again('cut-jsonx1', 2, { ...enrolled, attempts: 2 }),
  again('no-jsonx1', 2, { ...enrolled, attempts: 2 }),
  again('ok-no-idx1', 2, { ...enrolled, attempts: 2 }),
  again('hugex1', 2, { ...enrolled, attempts: 2 }),
  again('endlessx1', 2, { ...enrolled, attempts: 2 }),
  again('dribblex1', 2, { ...enrolled, attempts: 2 }),
  again('silent', maxAttempts, spent()),
  again('503x1+code-6', 2, {
    // The first call may have stored something, whatever the second one was told.
    status: 'rejected',
    stored: 'unknown',
    attempts: 2,
    error: { kind: 'rejected', code: '6' },
  }),
];

const throttled: OutcomeCase[] = [
  {
    name: 'throttled-seconds',
    photo: jpeg('429:after=1x1'),
    calls: 2,
    line: { ...enrolled, attempts: 1, calls: 2 },
  },
  {
    name: 'throttled-date',
    photo: jpeg('429:date=2x1'),
    calls: 2,
    line: { ...enrolled, attempts: 1, calls: 2 },
  },
  {
    name: 'throttled-silently',
    photo: jpeg('429x1'),
    calls: 2,
    line: { ...enrolled, attempts: 1, calls: 2 },
  },
];

/**
 * One photo that is refused proves nothing about the account: its first refusal is free, the next are charged. Where no
 * other got through since, the account is asked, with calls that are not the photo's at the engine.
 */
const refused: OutcomeCase[] = [
  { name: 'refused-once', photo: jpeg('403x1'), calls: 2, line: { ...enrolled, attempts: 1, calls: 2 } },
  {
    name: 'refused-for-ever',
    photo: jpeg('403#for-ever'),
    calls: maxAttempts + 1,
    line: {
      status: 'failed',
      stored: 'no',
      attempts: maxAttempts,
      error: { kind: 'unavailable', httpStatus: 403 },
    },
  },
];

const successes: OutcomeCase[] = [
  { name: 'flat-success', photo: jpeg('ok'), calls: 1, line: { ...enrolled, attempts: 1 } },
  { name: 'nested-success', photo: jpeg('ok-nested'), calls: 1, line: { ...enrolled, attempts: 1 } },
  {
    name: 'other-id',
    photo: jpeg('ok-other-id'),
    calls: 1,
    line: { ...enrolled, warnings: ['template-id-differs'] },
  },
  { name: 'Jürgen O’Neil 写真', photo: jpeg('ok'), calls: 1, line: enrolled },
];

/** What lies behind the file's name, whatever it says. */
const files: OutcomeCase[] = [
  {
    name: 'rotated',
    photo: () => makePhoto({ orientation: 6 }),
    calls: 1,
    line: { ...enrolled, warnings: ['exif-rotated'] },
  },
  {
    name: 'webp',
    photo: () => makePhoto({ format: 'webp' }),
    calls: 1,
    line: { ...enrolled, warnings: ['converted-from-webp'] },
  },
  {
    name: 'png',
    photo: () => makePhoto({ format: 'png' }),
    calls: 1,
    line: { ...enrolled, warnings: undefined },
  },
  { name: 'text', photo: async () => Buffer.from('not a photo'), calls: 0, line: noPhoto(/not an image/) },
  { name: 'empty', photo: async () => Buffer.alloc(0), calls: 0, line: noPhoto(/0 bytes/) },
  { name: 'bomb', photo: makeImageBomb, calls: 0, line: noPhoto(/60000 x 60000/) },
];

/** Those that slow the account down come first: what they cost is over when retries are measured. */
export const outcomeCases: readonly OutcomeCase[] = [
  ...throttled,
  ...verdicts,
  ...unavailable,
  ...refused,
  ...successes,
  ...files,
];
