import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { UsageError } from '../../util/errors.ts';
import { parseJson } from '../../util/json-text.ts';
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

/** Given at once, so that they become durable together. */
const linesAtOnce = 200;

/**
 * Gives an inbox what a command names: one photo, or lines of a pipe, for which it waits where too many photos wait.
 * @throws UsageError, or InboxError that names the line
 */
export async function* addFrom(
  rollcall: Pick<Rollcall, 'inbox' | 'folder'>,
  name: string,
  options: AddFromOptions,
): AsyncGenerator<TakenPhoto> {
  const { source, signal, stdin = process.stdin } = options;
  const inbox = rollcall.inbox(name);
  if (source === undefined) {
    yield await inbox.add(await photoOf(options, rollcall.folder), { key: options.key, signal });
    return;
  }
  if (source !== '-')
    throw new UsageError(
      'inbox-source',
      `The source is ${source}; give - for JSON lines on stdin, or --photo.`,
    );
  for await (const batch of batchesOf(stdin)) {
    const ends = await Promise.allSettled(batch.map((line) => addLine(inbox, line, signal)));
    for (const end of ends) {
      if (end.status === 'rejected') throw end.reason;
      yield end.value;
    }
  }
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
    throw new UsageError('inbox-picture', `--picture: ${path} cannot be read (${cause.code}).`, { cause });
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

async function addLine(inbox: Inbox, { number, text }: Line, signal: AbortSignal): Promise<TakenPhoto> {
  const parsed = lineSchema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new UsageError(
      'inbox-line',
      `Line ${number} is no photo: expected a JSON object with subjectId and photo, perhaps templateId, version, metadata, key.`,
    );
  const { key, ...photo } = parsed.data;
  while (true) {
    try {
      return await inbox.add(photo as GivenPhoto, { key, signal });
    } catch (error) {
      if (!(error instanceof InboxError)) throw error;
      if (error.kind !== 'full') throw error.ofLine(number);
      await delay(error.retryAfterInMs, undefined, { signal });
    }
  }
}
