import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import type { StateStore } from '../../storage/state/state-store.ts';
import { fileNameOf, processName } from '../../util/process-name.ts';
import { runFolderOf } from '../run-record.ts';
import { type Decision, decisionSchema, mergeDecisions, parseDecision } from './decision.ts';

export const decisionsFolder = (runId: string) => `${runFolderOf(runId)}/decisions`;

/** Beside them may lie what a process had not saved yet when it died. */
const isDecisionFile = (name: string) => name.endsWith('.jsonl');
/** Says that lines were taken out: who has read them before reads anew. */
const isMark = (name: string) => name.endsWith('.changed');

/** The decisions of a run as they stand: the newest of each photo, those that were taken back among them. */
export type StandingDecisions = ReadonlyMap<number, Decision>;

export const readDecisions = (state: StateStore, runId: string): Promise<StandingDecisions> =>
  createDecisionReader(state).read(runId);

/** Reads the decisions of runs again and again: each time what came since. What it gave before grows with that. */
export interface DecisionReader {
  read(runId: string): Promise<StandingDecisions>;
}

interface Read {
  readonly marks: string;
  /** By the name of a file: up to where its lines are known. */
  readonly readTo: Map<string, number>;
  readonly standing: Map<number, Decision>;
}

const mostRuns = 8;
const readsAtOnce = 32;

export function createDecisionReader(state: StateStore): DecisionReader {
  const runs = new Map<string, Read>();
  const limit = pLimit(readsAtOnce);

  async function readOn({ readTo, standing }: Read, folder: string, name: string): Promise<void> {
    const texts: string[] = [];
    let end = readTo.get(name) ?? 0;
    for await (const lines of state.readLines(`${folder}/${name}`, { offset: end }))
      for (const { text, offset, sizeInBytes } of lines) {
        texts.push(text);
        end = offset + sizeInBytes;
      }
    const found = texts.flatMap((text) => parseDecision(text) ?? []);
    const known = found.flatMap(({ seq }) => standing.get(seq) ?? []);
    for (const [seq, decision] of mergeDecisions([...known, ...found])) standing.set(seq, decision);
    readTo.set(name, end);
  }

  return {
    async read(runId) {
      const folder = decisionsFolder(runId);
      const entries = await state.list(folder);
      const marks = entries.flatMap(({ name }) => (isMark(name) ? [name] : [])).join();
      const sizes = new Map(
        entries.flatMap(({ name, sizeInBytes }) => (isDecisionFile(name) ? [[name, sizeInBytes]] : [])),
      );
      const before = runs.get(runId);
      const isKnown = before?.marks === marks && [...before.readTo.keys()].every((name) => sizes.has(name));
      const read = isKnown ? before : { marks, readTo: new Map(), standing: new Map() };
      runs.delete(runId);
      runs.set(runId, read);
      for (const oldest of [...runs.keys()].slice(0, -mostRuns)) runs.delete(oldest);
      const grown = [...sizes].filter(([name, size]) => size > (read.readTo.get(name) ?? 0));
      await Promise.all(grown.map(([name]) => limit(() => readOn(read, folder, name))));
      return read.standing;
    },
  };
}

/** What is saved together up to this many is added to a file; more of them are a file, whole or not at all. */
const mostAdded = 20;
let saved = 1;
const adding = new Map<string, Promise<void>>();

/**
 * Saves decisions; durable when it resolves. In a folder a process adds what it saves to one file of its own a run, which
 * nobody else adds to; on S3 each save is an object that is never written to again.
 */
export async function saveDecisions(
  state: StateStore,
  runId: string,
  decisions: readonly Decision[],
): Promise<void> {
  if (decisions.length === 0) return;
  const pathOf = (n: number) => `${decisionsFolder(runId)}/${fileNameOf(processName())}-${n}.jsonl`;
  const text = decisions.map((decision) => `${JSON.stringify(decisionSchema.parse(decision))}\n`).join('');
  if (state.bytes && decisions.length <= mostAdded)
    return inTurn(state, pathOf(1), () => add(state, pathOf(1), text));
  saved += 1;
  await state.write(pathOf(saved), text);
}

async function add(state: StateStore, path: string, text: string): Promise<void> {
  const appender = await state.openAppender(path);
  await appender.append(text).finally(() => appender.close());
}

/** What this process does with a file that it adds to: one after the other. */
function inTurn(state: StateStore, path: string, act: () => Promise<void>): Promise<void> {
  const key = state.locate(path);
  const before = adding.get(key) ?? Promise.resolve();
  const acted = before.catch(() => undefined).then(act);
  adding.set(key, acted);
  const forget = () => adding.get(key) === acted && adding.delete(key);
  acted.then(forget, forget);
  return acted;
}

/** Nobody adds to it meanwhile: what nothing is left of can be removed. */
async function removeIfEmptied(state: StateStore, path: string, change: Change): Promise<void> {
  const lines = await linesOf(state, path);
  if (lines.length > 1 && lines.every((text) => text === '' || change(text) === undefined))
    await state.remove(path);
}

type Change = (text: string) => string | undefined;

const linesOf = async (state: StateStore, path: string) =>
  ((await state.read(path))?.toString() ?? '').split('\n');

/**
 * Puts other texts in place of lines, or nothing, while others go on adding: in a folder a line is overwritten with
 * blanks where it stands, after its new text was added to the file of this process.
 */
export async function changeDecisions(state: StateStore, runId: string, change: Change): Promise<void> {
  const folder = decisionsFolder(runId);
  let isChanged = false;
  for (const { name } of await state.list(folder)) {
    if (!isDecisionFile(name)) continue;
    const path = `${folder}/${name}`;
    if (name.startsWith(`${fileNameOf(processName())}-`))
      await inTurn(state, path, () => removeIfEmptied(state, path, change));
    const lines = await linesOf(state, path);
    const kept = lines.filter((text) => text !== '').flatMap((text) => change(text) ?? []);
    if (lines.every((text) => text === '' || change(text) === text)) continue;
    isChanged = true;
    if (state.bytes) {
      const known = new Set(lines);
      await saveDecisions(
        state,
        runId,
        kept.filter((text) => !known.has(text)).flatMap((text) => parseDecision(text) ?? []),
      );
      await state.bytes.overwrite(
        path,
        blanksFor(lines, (text) => change(text) !== text),
      );
    } else if (kept.length === 0) await state.remove(path);
    else await state.write(path, kept.map((text) => `${text}\n`).join(''));
  }
  if (isChanged) await state.write(`${folder}/${randomBytes(8).toString('hex')}.changed`, '');
}

function blanksFor(lines: readonly string[], isToGo: (text: string) => boolean) {
  let offset = 0;
  return lines.flatMap((text) => {
    const sizeInBytes = Buffer.byteLength(text);
    const place = offset;
    offset += sizeInBytes + 1;
    return isToGo(text) ? [{ offset: place, bytes: Buffer.alloc(sizeInBytes, ' ') }] : [];
  });
}
