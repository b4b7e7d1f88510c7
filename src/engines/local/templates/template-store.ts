import { createLocalStateStore } from '../../../storage/state/local-state-store.ts';
import type { StateStore } from '../../../storage/state/state-store.ts';
import { createTemplateMatrix, type TemplateMatrix } from './template-matrix.ts';

/**
 * What is enrolled, by owner: an account's templates are its own. A file of lines, appended to and synced before a
 * change resolves; all of it in memory while it is open. One process has it open at a time.
 */
export interface TemplateStore {
  readonly size: number;
  /** Enrolls, or replaces. Resolves when it is durable. @throws FaultError of the disk */
  put(owner: string, templateId: string, descriptor: Float32Array): Promise<void>;
  /** Resolves to false where there was none. */
  delete(owner: string, templateId: string): Promise<boolean>;
  /** The descriptor of a template. */
  find(owner: string, templateId: string): Float32Array | undefined;
  /** The template most like a face, with its descriptor. */
  nearest(
    owner: string,
    descriptor: Float32Array,
  ): { readonly templateId: string; readonly descriptor: Float32Array } | undefined;
  /** Removes deleted and replaced templates from the file, and closes it. */
  close(): Promise<void>;
}

const fileName = 'templates.jsonl';

/**
 * `onDamage` hears of lines that cannot be read; the others count.
 * @throws FaultError where the folder cannot be used
 */
export async function openTemplateStore({
  folder,
  onDamage,
}: {
  folder: string;
  onDamage: (lines: number) => void;
}): Promise<TemplateStore> {
  const files = createLocalStateStore(folder);
  const memory = createMemory();
  let deadLines = 0;
  let damaged = 0;
  for await (const lines of files.readLines(fileName)) {
    for (const { text } of lines) {
      const change = changeOfLine(text);
      if (change === undefined) damaged += 1;
      else deadLines += memory.take(change);
    }
  }
  if (damaged > 0) onDamage(damaged);
  if (deadLines > 0) await rewrite(files, memory);
  let isTidy = true;
  const appender = await files.openAppender(fileName);
  const append = createGroupCommit((text) => appender.append(text));
  let closing: Promise<void> | undefined;

  const change = async (made: TemplateChange) => {
    // In memory once it is durable: no template is found that a crash could undo. Changes keep their order.
    await append(lineOfChange(made));
    if (memory.take(made) > 0) isTidy = false;
  };
  return {
    get size() {
      return memory.size();
    },
    put: (owner, templateId, descriptor) => change({ kind: 'put', owner, templateId, descriptor }),
    async delete(owner, templateId) {
      if (!memory.of(owner)?.has(templateId)) return false;
      await change({ kind: 'delete', owner, templateId });
      return true;
    },
    find: (owner, templateId) => memory.of(owner)?.get(templateId),
    nearest: (owner, descriptor) => memory.of(owner)?.nearest(descriptor),
    close() {
      closing ??= (async () => {
        await appender.close();
        if (!isTidy) await rewrite(files, memory);
      })();
      return closing;
    },
  };
}

interface Memory {
  of(owner: string): TemplateMatrix | undefined;
  /** How many lines of the file are obsolete now. */
  take(change: TemplateChange): number;
  size(): number;
  owners(): Iterable<readonly [owner: string, matrix: TemplateMatrix]>;
}

function createMemory(): Memory {
  const matrices = new Map<string, TemplateMatrix>();
  return {
    of: (owner) => matrices.get(owner),
    take(change) {
      const { owner, templateId } = change;
      if (change.kind === 'delete') return matrices.get(owner)?.delete(templateId) ? 2 : 1;
      const matrix = matrices.get(owner) ?? createTemplateMatrix(change.descriptor.length);
      matrices.set(owner, matrix);
      const isReplaced = matrix.has(templateId);
      matrix.put(templateId, change.descriptor);
      return isReplaced ? 1 : 0;
    },
    size: () => [...matrices.values()].reduce((sum, { size }) => sum + size, 0),
    owners: () => matrices,
  };
}

/** Rewrites the file, whole or not at all, with the current templates. */
async function rewrite(files: StateStore, memory: Memory): Promise<void> {
  const writer = await files.openWriter(fileName);
  try {
    for (const [owner, matrix] of memory.owners()) {
      let text = '';
      for (const [templateId, descriptor] of matrix.entries()) {
        text += lineOfChange({ kind: 'put', owner, templateId, descriptor });
        if (text.length < 1_000_000) continue;
        await writer.write(text);
        text = '';
      }
      await writer.write(text);
    }
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

/** Changes that come while one is being synced share the next write. */
function createGroupCommit(append: (text: string) => Promise<void>): (text: string) => Promise<void> {
  let waiting: { text: string; done: Promise<void> } | undefined;
  let last: Promise<void> = Promise.resolve();
  return (text) => {
    if (waiting) {
      waiting.text += text;
      return waiting.done;
    }
    const group = { text, done: Promise.resolve() };
    waiting = group;
    group.done = last.then(() => {
      waiting = undefined;
      return append(group.text);
    });
    last = group.done.catch(() => {});
    return group.done;
  };
}

/** A change of what is enrolled; the newest of a template is what holds. */
type TemplateChange =
  | {
      readonly kind: 'put';
      readonly owner: string;
      readonly templateId: string;
      readonly descriptor: Float32Array;
    }
  | { readonly kind: 'delete'; readonly owner: string; readonly templateId: string };

/** One JSON line, with its newline. The descriptor is base64 of 32-bit floats in this machine's order of bytes. */
function lineOfChange(change: TemplateChange): string {
  const { owner, templateId } = change;
  if (change.kind === 'delete') return `${JSON.stringify({ owner, deleted: templateId })}\n`;
  return `${JSON.stringify({ owner, template: templateId, face: toBase64(change.descriptor) })}\n`;
}

/** undefined: no such line; a disk may have damaged it. */
function changeOfLine(text: string): TemplateChange | undefined {
  const { owner, template, face, deleted } = parseRecord(text);
  if (typeof owner !== 'string') return undefined;
  if (typeof deleted === 'string') return { kind: 'delete', owner, templateId: deleted };
  if (typeof template !== 'string' || typeof face !== 'string') return undefined;
  const descriptor = fromBase64(face);
  return descriptor && { kind: 'put', owner, templateId: template, descriptor };
}

/** By hand: a schema would take most of the time of a start with many templates. */
function parseRecord(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function toBase64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function fromBase64(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % Float32Array.BYTES_PER_ELEMENT !== 0) return undefined;
  // Copied: a buffer of Node's pool need not begin where a number may.
  const descriptor = new Float32Array(new Uint8Array(bytes).buffer);
  return descriptor.every(Number.isFinite) ? descriptor : undefined;
}
