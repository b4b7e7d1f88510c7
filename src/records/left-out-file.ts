import { z } from 'zod';
import { createLeftOutTally, type LeftOut, type LeftOutCount } from '../sources/left-out.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { runFolderOf } from './run-record.ts';

/**
 * `left-out.jsonl`: what the source left out, one line each. While the source is listed, `left-out.listing.jsonl` grows:
 * each listing begins with a line that says behind which photo it begins, so that what a dying process wrote too much is
 * known; when the list has ended, the lines that hold are written out, whole or not at all.
 */
const leftOutPath = (runId: string) => `${runFolderOf(runId)}/left-out.jsonl`;
const listingPath = (runId: string) => `${runFolderOf(runId)}/left-out.listing.jsonl`;

const beginningSchema = z.object({ from: z.number() });
const foundSchema = z.object({
  /** Photos that were listed before. */
  after: z.number(),
  path: z.string(),
  why: z.string(),
  files: z.number().optional(),
  subjectId: z.string().optional(),
});
type Found = z.infer<typeof foundSchema>;

export interface LeftOutWriter {
  append(found: readonly { readonly after: number; readonly leftOut: LeftOut }[]): Promise<void>;
  /** The list has ended. @returns undefined where an earlier listing did not write down what it left out */
  finish(): Promise<LeftOutCount | undefined>;
  close(): Promise<void>;
}

/** @param options.from photos that are listed already */
export async function openLeftOutWriter(
  state: StateStore,
  runId: string,
  { from, epoch }: { from: number; epoch: number | undefined },
): Promise<LeftOutWriter> {
  const appender = await state.openAppender(listingPath(runId), epoch === undefined ? {} : { epoch });
  let isBegun = false;
  const begin = async () => {
    if (!isBegun) await appender.append(`${JSON.stringify({ from })}\n`);
    isBegun = true;
  };
  return {
    async append(found) {
      await begin();
      const lines = found.map(({ after, leftOut }) => `${JSON.stringify({ after, ...leftOut })}\n`);
      if (lines.length > 0) await appender.append(lines.join(''));
    },
    async finish() {
      await begin();
      await appender.close();
      return writeWhatHolds(state, runId);
    },
    close: () => appender.close(),
  };
}

/** Once the run is over: who dies before `run.json` says that the list has ended lists its end once more. */
export async function removeLeftOutListing(state: StateStore, runId: string): Promise<void> {
  await state.remove(listingPath(runId));
}

async function writeWhatHolds(state: StateStore, runId: string): Promise<LeftOutCount | undefined> {
  const beginnings: number[] = [];
  for await (const entry of readListing(state, runId)) if ('from' in entry) beginnings.push(entry.from);
  const tally = createLeftOutTally();
  const writer = await state.openWriter(leftOutPath(runId));
  try {
    let listing = 0;
    let text = '';
    for await (const entry of readListing(state, runId)) {
      if ('from' in entry) listing += 1;
      // A later listing has found again what comes behind the photo that it began at.
      else if (beginnings.slice(listing).every((from) => entry.after < from)) {
        const { after: _, ...leftOut } = entry;
        tally.add(leftOut as LeftOut);
        text += `${JSON.stringify(leftOut)}\n`;
      }
      if (text.length > 256 * 1024) {
        await writer.write(text);
        text = '';
      }
    }
    if (text !== '') await writer.write(text);
    if (Object.keys(tally.count().byKind).length > 0) await writer.commit();
  } finally {
    await writer.discard();
  }
  return beginnings[0] === 0 ? tally.count() : undefined;
}

async function* readListing(
  state: StateStore,
  runId: string,
): AsyncGenerator<Found | z.infer<typeof beginningSchema>> {
  for await (const batch of state.readLines(listingPath(runId))) {
    for (const { text } of batch) {
      const value: unknown = JSON.parse(text);
      const found = foundSchema.safeParse(value);
      yield found.success ? found.data : beginningSchema.parse(value);
    }
  }
}

/** The subjects whose photos may be among what was left out. */
export async function* leftOutSubjects(state: StateStore, runId: string): AsyncGenerator<string> {
  const path = leftOutPath(runId);
  if ((await state.size(path)) === undefined) return;
  for await (const batch of state.readLines(path)) {
    for (const { text } of batch) {
      const { subjectId } = foundSchema.omit({ after: true }).parse(JSON.parse(text));
      if (subjectId !== undefined) yield subjectId;
    }
  }
}
