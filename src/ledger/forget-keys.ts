import { createHash, createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';
import { parseAs } from '../util/json-text.ts';
import { subjectKey } from '../util/subject-id.ts';
import { templateKey } from '../util/template-id.ts';

/**
 * What ids are marked with in forget lists and erasure logs: an HMAC that only who has the state's key can make, so that
 * an id cannot be guessed from a list that got elsewhere. Of one engine: another's mark of the same subject is another.
 */
export interface ForgetKey {
  /** 16 hex digits, which follow from the key; every entry names them. */
  readonly id: string;
  /** 64 hex digits, as of `templateMark`. */
  subjectMark(engine: string, subjectId: string): string;
  templateMark(engine: string, templateId: string): string;
}

const folder = 'forgotten/keys';
const suffix = '.json';
/** Names the key that new entries are made with. */
const currentPath = 'forgotten/key.json';
const keyPath = (id: string) => `${folder}/${id}${suffix}`;

const keySchema = z.object({
  schema: z.literal('rollcall.forget-key/1'),
  id: z.string(),
  key: z.string().regex(/^[\da-f]{64}$/),
});
const currentSchema = z.object({ schema: z.literal('rollcall.forget-key/1'), current: z.string() });

/** The keys that are there, by their ids. @throws FaultError where one is damaged */
export async function readForgetKeys(state: StateStore): Promise<ReadonlyMap<string, ForgetKey>> {
  const names = (await state.list(folder)).map(({ name }) => name).filter((name) => name.endsWith(suffix));
  const keys = new Map<string, ForgetKey>();
  for (const name of names) {
    const key = await readKey(state, name.slice(0, -suffix.length));
    if (key) keys.set(key.id, key);
  }
  return keys;
}

/**
 * The key that entries are made with; the first who needs one makes it. A key has its file before anything names it, and
 * is named before anything is made with it: a death in between loses nothing. Of two processes at once one is named, and
 * both use that one.
 */
export async function keyForEntries(state: StateStore): Promise<ForgetKey> {
  const named = await readCurrent(state);
  if (named !== undefined) return keyNamed(state, named);
  // Left by a process that died before it named its key.
  const [found] = [...(await readForgetKeys(state)).keys()].sort();
  const own = found ?? (await makeKey(state));
  const text = JSON.stringify({ schema: 'rollcall.forget-key/1', current: own });
  if (await state.create(currentPath, `${text}\n`)) return keyNamed(state, own);
  const first = (await readCurrent(state)) ?? own;
  if (first !== own && found === undefined) await state.remove(keyPath(own));
  return keyNamed(state, first);
}

async function keyNamed(state: StateStore, id: string): Promise<ForgetKey> {
  const key = await readKey(state, id);
  if (key) return key;
  throw keyIsGone(state, state.locate(currentPath), id);
}

/** For whoever finds entries that cannot be read. */
export const keyIsGone = (state: StateStore, where: string, id: string): FaultError =>
  new FaultError(
    'forget-list',
    `${where} needs a key that is gone: whom it names cannot be known. Restore ${state.locate(keyPath(id))} from a backup.`,
  );

async function readCurrent(state: StateStore): Promise<string | undefined> {
  const bytes = await state.read(currentPath);
  if (!bytes) return undefined;
  const current = parseAs(currentSchema, bytes.toString())?.current;
  if (current !== undefined) return current;
  throw new FaultError(
    'forget-list',
    `${state.locate(currentPath)} is damaged: restore it from a backup, or remove it where ${state.locate(folder)} has the keys.`,
  );
}

async function readKey(state: StateStore, id: string): Promise<ForgetKey | undefined> {
  const bytes = await state.read(keyPath(id));
  if (!bytes) return undefined;
  const secret = parseAs(keySchema, bytes.toString())?.key;
  if (secret !== undefined && idOf(secret) === id) return createForgetKey(secret);
  throw new FaultError(
    'forget-list',
    `${state.locate(keyPath(id))} is damaged: without it nobody knows who is not to be enrolled. Restore it from a backup.`,
  );
}

/** @returns its id */
async function makeKey(state: StateStore): Promise<string> {
  const key = randomBytes(32).toString('hex');
  const id = idOf(key);
  await state.write(keyPath(id), `${JSON.stringify({ schema: 'rollcall.forget-key/1', id, key })}\n`);
  return id;
}

const idOf = (secret: string) =>
  createHash('sha256').update(`rollcall.forget-key\n${secret}`).digest('hex').slice(0, 16);

function createForgetKey(secret: string): ForgetKey {
  const bytes = Buffer.from(secret, 'hex');
  const markOf = (...parts: readonly string[]) =>
    createHmac('sha256', bytes).update(parts.join('\n')).digest('hex');
  return {
    id: idOf(secret),
    subjectMark: (engine, subjectId) => markOf('subject', engine, subjectKey(subjectId)),
    templateMark: (engine, templateId) => markOf('template', engine, templateKey(templateId)),
  };
}
