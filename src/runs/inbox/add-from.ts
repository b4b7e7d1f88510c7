import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { UsageError } from '../../util/errors.ts';
import { parseJson } from '../../util/json-text.ts';
import { whyUnreadable } from '../../util/why-unreadable.ts';
import type { GivenPhoto } from '../given-photo.ts';
import type { Rollcall } from '../open-rollcall.ts';
import type { GivenPicture } from './check-photo.ts';
import type { Inbox } from './inbox.ts';
import { InboxError } from './inbox-error.ts';
import type { TakenPhoto } from './plan.ts';

const lineSchema = z.strictObject({
  subjectId: z.string(),
  photo: z.string(),
  templateId: z.string().optional(),
  version: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  key: z.string().optional(),
});

export interface AddFromOptions {
  /** `-`: JSON lines on stdin. */
  readonly source?: string | undefined;
  readonly subject?: string | undefined;
  readonly photo?: string | undefined;
  readonly picture?: string | undefined;
  readonly templateId?: string | undefined;
  readonly photoVersion?: string | undefined;
  readonly key?: string | undefined;
  readonly stdin?: Readable;
  readonly signal: AbortSignal;
}

/** A command has nobody but its user to try again; several of them take turns of three seconds. */
const longestWaitInMs = 60_000;

/** Given at once, so that they become durable together. */
const linesAtOnce = 200;

/**
 * Gives an inbox what a command names: one photo, or lines of a pipe, for which it waits where too many photos wait.
 * Of lines each that was taken in is given back, also where another is refused.
 * @throws UsageError, or InboxError that names the line and those that were taken in
 */
export async function* addFrom(
  rollcall: Pick<Rollcall, 'inbox' | 'folder'>,
  name: string,
  options: AddFromOptions,
): AsyncGenerator<TakenPhoto> {
  const { source, signal, stdin = process.stdin } = options;
  const inbox = rollcall.inbox(name);
  if (source === undefined) {
    const photo = await photoOf(options, rollcall.folder);
    yield await inbox.add(photo, { key: options.key, signal, longestWaitInMs });
    return;
  }
  if (source !== '-')
    throw new UsageError(
      'inbox-source',
      `The source is ${source}; give - for JSON lines on stdin, or --photo.`,
    );
  let before = 0;
  for await (const batch of batchesOf(stdin)) {
    const { lines, problem } = readLines(batch);
    const ends = await Promise.allSettled(lines.map((line) => addLine(inbox, line, signal)));
    for (const end of ends) if (end.status === 'fulfilled') yield end.value;
    const refused = ends.findIndex(({ status }) => status === 'rejected');
    const taken = lines.filter((_, index) => ends[index]?.status === 'fulfilled');
    if (refused >= 0) throw refusalOf(ends[refused], { line: lines[refused], before, taken });
    if (problem !== undefined)
      throw new UsageError('inbox-line', `${problem} ${describeTaken(before, taken)}`);
    before = batch.at(-1)?.number ?? before;
  }
  if (before === 0)
    throw new UsageError('inbox-empty', 'No photo came on stdin: did the program that writes them fail?');
}

async function photoOf(
  { subject, photo, picture, templateId, photoVersion }: AddFromOptions,
  folder: string,
): Promise<GivenPhoto | GivenPicture> {
  if (subject === undefined || (photo === undefined) === (picture === undefined))
    throw new UsageError(
      'inbox-photo',
      'Give --subject and either --photo or --picture, or - for JSON lines on stdin.',
    );
  const about = {
    subjectId: subject,
    ...(templateId !== undefined && { templateId }),
    ...(photoVersion !== undefined && { version: photoVersion }),
  };
  if (photo !== undefined) return { ...about, photo };
  const path = resolve(folder, picture ?? '');
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError('inbox-picture', `--picture: ${path} ${whyUnreadable(cause)}.`, { cause });
  });
  return { ...about, picture: bytes };
}

interface Line {
  readonly number: number;
  readonly text: string;
}

async function* batchesOf(stdin: Readable): AsyncGenerator<Line[]> {
  const lines = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  let batch: Line[] = [];
  let number = 0;
  for await (const text of lines) {
    number += 1;
    if (text.trim() !== '') batch.push({ number, text });
    // What is there by now; a writer that takes its time does not wait for more lines.
    if (batch.length < linesAtOnce && stdin.readableLength > 0) continue;
    if (batch.length > 0) yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

interface PhotoLine {
  readonly number: number;
  readonly photo: GivenPhoto;
  readonly key: string | undefined;
}

/** Those before the first that is no photo: what stands behind it may be given again with it. */
function readLines(batch: readonly Line[]): { lines: PhotoLine[]; problem?: string } {
  const lines: PhotoLine[] = [];
  for (const { number, text } of batch) {
    // Bytes that are no text were replaced when they were read: somebody else's id may have come of it.
    if (text.includes(replacement)) return { lines, problem: `Line ${number} is not valid UTF-8.` };
    const { data } = lineSchema.safeParse(parseJson(text));
    if (data === undefined)
      return {
        lines,
        problem: `Line ${number} is no photo: expected a JSON object with subjectId and photo, perhaps templateId, version, metadata, key.`,
      };
    const { key, ...photo } = data;
    lines.push({ number, photo: photo as GivenPhoto, key });
  }
  return { lines };
}

const replacement = '\uFFFD';

function refusalOf(
  end: PromiseSettledResult<unknown> | undefined,
  { line, before, taken }: { line: PhotoLine | undefined; before: number; taken: readonly PhotoLine[] },
): unknown {
  const reason: unknown = end?.status === 'rejected' ? end.reason : undefined;
  return reason instanceof InboxError && line
    ? reason.ofLine(line.number, describeTaken(before, taken))
    : reason;
}

/** So that whoever gives the rest again gives nothing twice. `before`: the last line of those that were all taken in. */
function describeTaken(before: number, taken: readonly Pick<PhotoLine, 'number'>[]): string {
  const ranges: [from: number, to: number][] = before > 0 ? [[1, before]] : [];
  for (const { number } of taken) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  if (ranges.length === 0) return 'No line was taken in.';
  const shown = ranges.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`));
  return `Taken in: ${ranges.length === 1 && !shown[0]?.includes(' ') ? 'line' : 'lines'} ${shown.join(', ')}; no others.`;
}

async function addLine(inbox: Inbox, { photo, key }: PhotoLine, signal: AbortSignal): Promise<TakenPhoto> {
  while (true) {
    try {
      return await inbox.add(photo, { key, signal, longestWaitInMs });
    } catch (error) {
      if (!(error instanceof InboxError) || error.kind !== 'full') throw error;
      await delay(error.retryAfterInMs, undefined, { signal });
    }
  }
}
