import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { StateLine, StateStore } from '../../storage/state/state-store.ts';
import { FaultError } from '../../util/errors.ts';
import { parseJson } from '../../util/json-text.ts';
import type { Warning } from '../../util/warning.ts';

/**
 * What an inbox has taken in: `inboxes/<name>/lists/<session>.jsonl`. A session is one opening by one process, which
 * alone writes its file; the first line says behind how much of which earlier session it goes on, so that what a process
 * wrote that slept through its successor's coming does not count. `inboxes/<name>/claims/<session>` is there before
 * anything else of a session is: whoever has written looks whether there is a later claim, and answers nothing if so.
 */
const headerSchema = z.object({
  schema: z.literal('rollcall.inbox/1'),
  after: z.object({ session: z.string(), sizeInBytes: z.number() }).optional(),
  /** The run whose list goes on here; absent: the inbox is closed. */
  run: z.string().optional(),
  /** Photos of that list before this session. */
  count: z.number(),
  /** When the first of them came (ISO 8601). */
  firstAt: z.string().optional(),
  /** Bytes behind this line that are entries of earlier sessions: those do not count any more, and this one with them alone. */
  absorbed: z.number().optional(),
});
export type SessionHeader = z.infer<typeof headerSchema>;

const photoSchema = z.object({
  subjectId: z.string(),
  writtenId: z.string().optional(),
  photo: z.string(),
  templateId: z.string().optional(),
  version: z.string().optional(),
  sizeInBytes: z.number().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  warnings: z
    .array(z.custom<Warning>((value) => typeof value === 'string'))
    .readonly()
    .optional(),
  /** Hash of what makes a repetition known, and of what was given with it; absent: each time it is a new photo. */
  key: z.string().optional(),
  body: z.string().optional(),
});
export type InboxPhoto = z.infer<typeof photoSchema>;

/** What was given together is one line: it is there whole or not at all. `from`: the number of the first in its list. */
const takenSchema = z.object({ at: z.string(), from: z.number(), photos: z.array(photoSchema) });
/** The list of `run` is whole. `next`: the run of the list that follows; absent: the inbox is closed. */
const endSchema = z.object({
  at: z.string(),
  ends: z.string(),
  count: z.number(),
  next: z.string().optional(),
});
const entrySchema = z.union([takenSchema, endSchema]);
export type InboxEntry = z.infer<typeof entrySchema>;
/** For each of millions of lines. */
const compiledEntry = z.compile(entrySchema);

export interface PlacedEntry {
  readonly entry: InboxEntry;
  readonly offset: number;
  readonly sizeInBytes: number;
}

/** A session that counts, up to where its successor goes on. */
export interface Session {
  readonly name: string;
  readonly header: SessionHeader;
  /** Where its entries begin. */
  readonly begin: number;
  /** Where they end; absent: it is the last one. */
  readonly end?: number;
}

const inboxesFolder = 'inboxes';
export const inboxFolderOf = (inbox: string) => `${inboxesFolder}/${inbox}`;
const claimsFolder = (inbox: string) => `${inboxFolderOf(inbox)}/claims`;
export const claimPath = (inbox: string, session: string) => `${claimsFolder(inbox)}/${session}`;
const listsFolder = (inbox: string) => `${inboxFolderOf(inbox)}/lists`;
export const listPath = (inbox: string, session: string) => `${listsFolder(inbox)}/${session}.jsonl`;

/** In their order. */
export async function listInboxNames(state: StateStore): Promise<string[]> {
  return (await state.list(inboxesFolder)).filter((entry) => entry.isFolder).map((entry) => entry.name);
}

/** In their order: by epoch of the lease, then by number. Two of one epoch, after a queue was wiped, are two. */
export function sessionName(epoch: number, number: number): string {
  const digits = (value: number, length: number) => String(value).padStart(length, '0');
  return `${digits(epoch, 10)}-${digits(number, 6)}-${randomBytes(4).toString('hex')}`;
}

export const epochOf = (session: string): number => Number(session.slice(0, 10));

/** The names of all sessions, in their order. */
export async function readClaims(state: StateStore, inbox: string): Promise<string[]> {
  const names = (await state.list(claimsFolder(inbox))).map(({ name }) => name);
  return names.filter((name) => /^\d{10}-\d{6}-[0-9a-f]{8}$/.test(name)).sort();
}

/** The names of all sessions that have a file. */
export async function readListNames(state: StateStore, inbox: string): Promise<string[]> {
  return (await state.list(listsFolder(inbox))).map(({ name }) => name.replace(/\.jsonl$/, ''));
}

/** More than the longest first line. */
const headerInBytes = 4 * 1024;

/** Durable. Undefined: it has none, and perhaps never will: nothing of it counts until it has one. */
async function readHeader(state: StateStore, inbox: string, session: string) {
  const path = listPath(inbox, session);
  const size = (await state.size(path)) ?? 0;
  if (size === 0) return undefined;
  await state.sync(path);
  const bytes = await state
    .readRange(path, { offset: 0, sizeInBytes: headerInBytes })
    .catch(async (error) => {
      if ((await state.size(path)) === undefined) return Buffer.alloc(0);
      throw error;
    });
  const end = bytes.indexOf(0x0a);
  if (end === -1) return undefined;
  const header = headerSchema.safeParse(parseJson(bytes.toString('utf8', 0, end)));
  if (!header.success) throw damaged(state, path, 0);
  const begin = end + 1;
  return size < begin + (header.data.absorbed ?? 0) ? undefined : { header: header.data, begin };
}

/** What was read of sessions before: a first line does not change. */
export type KnownHeaders = Map<string, { readonly header: SessionHeader; readonly begin: number }>;

interface ChainOptions {
  /** Those before this one. */
  readonly before?: string;
  readonly known?: KnownHeaders;
}

/** The sessions that count, in order, from the oldest that is kept. */
export async function readChain(
  state: StateStore,
  inbox: string,
  options: ChainOptions = {},
): Promise<Session[]> {
  while (true) {
    const claims = await readClaims(state, inbox);
    const lacking: string[] = [];
    const chain = await chainOf({
      state,
      inbox,
      claims,
      ...options,
      onLacking: (name) => lacking.push(name),
    });
    // Without a first line it says nothing; but one that was absorbed may have gone while this was read.
    const now = lacking.length === 0 ? [] : await readClaims(state, inbox);
    if (lacking.every((name) => now.includes(name))) return chain;
  }
}

async function chainOf(
  options: ChainOptions & {
    state: StateStore;
    inbox: string;
    claims: readonly string[];
    onLacking: (name: string) => void;
  },
): Promise<Session[]> {
  const { state, inbox, claims, before, known = new Map(), onLacking } = options;
  const headerOf = async (name: string) => {
    const header = known.get(name) ?? (await readHeader(state, inbox, name));
    if (header) known.set(name, header);
    return header;
  };
  const chain: Session[] = [];
  let wanted: { session: string; sizeInBytes?: number } | undefined;
  for (const name of claims.toReversed()) {
    if (before !== undefined && name >= before) continue;
    if (wanted && wanted.session !== name) continue;
    const found = await headerOf(name);
    if (!found) {
      onLacking(name);
      continue;
    }
    chain.unshift({ name, ...found, ...(wanted?.sizeInBytes !== undefined && { end: wanted.sizeInBytes }) });
    wanted = found.header.after;
    if (!wanted) break;
  }
  return chain;
}

/** Reads sessions that count; anew where one of them has gone meanwhile, since a later one has absorbed it. */
export async function readSessions<Result>(
  state: StateStore,
  inbox: string,
  read: (chain: readonly Session[]) => Promise<Result>,
): Promise<Result> {
  for (let chain = await readChain(state, inbox); ; ) {
    try {
      return await read(chain);
    } catch (error) {
      const claims = await readClaims(state, inbox);
      if (chain.every(({ name }) => claims.includes(name))) throw error;
      chain = await readChain(state, inbox);
    }
  }
}

/** Whole entries of a session from a place on; those behind `end` are left out. */
export async function* readEntries(
  state: StateStore,
  inbox: string,
  { session, offset, end }: { session: string; offset: number; end?: number | undefined },
): AsyncGenerator<PlacedEntry[]> {
  const path = listPath(inbox, session);
  for await (const lines of state.readLines(path, { offset, ...(end !== undefined && { end }) }))
    yield lines.map((line) => ({
      entry: parseEntry(state, path, line),
      offset: line.offset,
      sizeInBytes: line.sizeInBytes,
    }));
}

/**
 * Puts other photos in the place of those of a session that nobody writes to any more. Lines keep their length, so that
 * nobody who reads it meanwhile sees another place; what a dying process left half-written goes.
 * @param change gives photos that take no more room
 */
export async function changePhotos(
  state: StateStore,
  inbox: string,
  { name, begin }: Session,
  change: (photo: InboxPhoto) => InboxPhoto,
): Promise<void> {
  const path = listPath(inbox, name);
  await state.seal(path);
  const writer = await state.openWriter(path);
  const changed = (line: StateLine): string => {
    const entry = line.offset < begin ? undefined : parseEntry(state, path, line);
    if (!entry || 'ends' in entry) return line.text;
    const text = JSON.stringify({ ...entry, photos: entry.photos.map(change) });
    return text + ' '.repeat(line.sizeInBytes - 1 - Buffer.byteLength(text));
  };
  try {
    for await (const lines of state.readLines(path))
      await writer.write(lines.map((line) => `${changed(line)}\n`).join(''));
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

function parseEntry(state: StateStore, path: string, line: { text: string; offset: number }): InboxEntry {
  try {
    return compiledEntry.parse(JSON.parse(line.text));
  } catch (cause) {
    throw damaged(state, path, line.offset, cause);
  }
}

const damaged = (state: StateStore, path: string, offset: number, cause?: unknown) =>
  new FaultError('state', `${state.locate(path)} is damaged at byte ${offset}: restore it from a backup.`, {
    cause,
  });
