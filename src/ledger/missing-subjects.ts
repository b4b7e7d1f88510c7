import { leftOutSubjects } from '../records/left-out-file.ts';
import { readManifest } from '../records/manifest.ts';
import { type RunRecord, runFolderOf } from '../records/run-record.ts';
import { leftOutNow } from '../sources/open-source.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { createHashIndex } from '../util/hash-index.ts';
import { subjectKey } from '../util/subject-id.ts';
import type { ErasedSubjects } from './forgotten-subjects.ts';
import {
  compareTimes,
  isStoredEvent,
  keyWithoutBlanks,
  type LedgerEvent,
  ledgerSourceOf,
  readTimes,
  sourceNameOf,
  timesOf,
  writeTimes,
} from './ledger-event.ts';
import { readLedger } from './ledger-files.ts';
import { findUnlistedLines, type UnlistedLines } from './snapshot/unlisted-lines.ts';

/**
 * Writes `missing.jsonl` into the run's folder: a line for every subject that was enrolled from the run's source and is
 * not in its list any more, but for those on the account's forget list, and those whose photos the list leaves out.
 * Memory: 40 bytes a missing one.
 * @returns how many there are; undefined where the list does not say, since it was cut short or came from a pipe
 */
export async function writeMissingSubjects(
  state: StateStore,
  { record, isWhole, erased }: { record: RunRecord; isWhole: boolean; erased: ErasedSubjects },
): Promise<number | undefined> {
  const { id, source, account, settings } = record;
  if (!settings.incremental || !isWhole || settings.limit !== undefined || source === '-') return undefined;
  const ledgerSource = ledgerSourceOf(record);
  const isLeftOut = leftOutNow(record.origin ?? source, settings);
  const isMissing = (event: LedgerEvent) =>
    !isLeftOut(event.photo) && !erased.isForgotten(event.subjectId) && !erased.isVoid(event);
  const asked = () => ({ account, source: ledgerSource, subjects: listedSubjects(state, id) });
  const unlisted = (await findUnlistedLines(state, asked())) ?? (await readUnlisted(state, asked()));
  try {
    return await writeThem({ state, path: `${runFolderOf(id)}/missing.jsonl`, unlisted, isMissing });
  } finally {
    await unlisted.close();
  }
}

/** The same by all lines of the ledger. Memory: 20 bytes a subject of the list. */
async function readUnlisted(
  state: StateStore,
  { account, source, subjects }: Parameters<typeof findUnlistedLines>[1],
): Promise<UnlistedLines> {
  const listed = createHashIndex({ valueWords: 0 });
  for await (const batch of subjects) for (const subjectId of batch) listed.enter(subjectKey(subjectId));
  // Who was enrolled when blanks around an id were part of it is listed without them now.
  const isListed = ({ subjectId }: LedgerEvent) =>
    listed.find(subjectKey(subjectId)) ?? listed.find(keyWithoutBlanks(subjectId));
  return {
    async read({ onEvent, afterBatch }) {
      await readLedger(state, {
        account,
        onEvent: (event) => {
          if (sourceNameOf(event) === source && isStoredEvent(event) && !isListed(event)) onEvent(event);
        },
        afterBatch,
      });
    },
    close: async () => {},
  };
}

/** Place behind the times. */
const isTaken = 4;
const notWritten = 1;
const written = 2;
/** What was stored of the subject was taken back: it is not missing. */
const undone = 3;

async function* listedSubjects(state: StateStore, runId: string): AsyncGenerator<readonly string[]> {
  for await (const batch of readManifest(state, runId))
    yield batch.flatMap(({ line: { subjectId } }) => (subjectId === undefined ? [] : [subjectId]));
  for await (const subjectId of leftOutSubjects(state, runId)) yield [subjectId];
}

/** Of each subject the newest photo. @returns how many there are */
async function writeThem(options: {
  state: StateStore;
  path: string;
  unlisted: UnlistedLines;
  isMissing: (event: LedgerEvent) => boolean;
}): Promise<number> {
  const { state, path, unlisted, isMissing } = options;
  const newest = createHashIndex({ valueWords: 5 });
  let count = 0;
  const note = (event: LedgerEvent) => {
    if (!isMissing(event)) return;
    const words = newest.enter(subjectKey(event.subjectId));
    const before = words[isTaken];
    const times = timesOf(event);
    if (before !== 0 && compareTimes(times, readTimes(words)) <= 0) return;
    words[isTaken] = event.kind === 'undone' ? undone : notWritten;
    count += (words[isTaken] === notWritten ? 1 : 0) - (before === notWritten ? 1 : 0);
    writeTimes(words, times);
  };
  await unlisted.read({ onEvent: note, afterBatch: async () => {} });
  const writer = await state.openWriter(path);
  try {
    let text = '';
    const onEvent = (event: LedgerEvent) => {
      const words = isMissing(event) ? newest.find(subjectKey(event.subjectId)) : undefined;
      if (words?.[isTaken] !== notWritten || compareTimes(timesOf(event), readTimes(words)) !== 0) return;
      words[isTaken] = written;
      text += `${JSON.stringify(missingLine(event))}\n`;
    };
    const afterBatch = async () => {
      const batch = text;
      text = '';
      if (batch !== '') await writer.write(batch);
    };
    if (count > 0) await unlisted.read({ onEvent, afterBatch });
    await writer.commit();
  } finally {
    await writer.discard();
  }
  return count;
}

function missingLine({ subjectId, photo, version, templateId, at }: LedgerEvent) {
  return {
    schema: 'rollcall.missing/1',
    subjectId,
    photo,
    ...(version !== undefined && { version }),
    templateId,
    enrolledAt: at,
  };
}
