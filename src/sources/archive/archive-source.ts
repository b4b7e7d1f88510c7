import { RollcallError } from '../../util/errors.ts';
import { createFolderCount, type LeftOutFolder } from '../folder-count.ts';
import type { IdPattern } from '../id-from.ts';
import type { LeftOut, LeftOutReason } from '../left-out.ts';
import { type ListRules, leftOutFolderOf } from '../list-rules.ts';
import { listedFile } from '../listed-file.ts';
import { byContent, type Looked, possibleSubject } from '../look-at-content.ts';
import { changedSource, changedWhileListed, markOf } from '../manifest/manifest-position.ts';
import type { ListedPhoto, Source } from '../source.ts';
import { formatArchivedAddress } from './archive-address.ts';
import { type ArchiveBytes, ArchiveChangedError } from './archive-bytes.ts';
import type { ArchiveEntry, ArchiveFile } from './archive-file.ts';
import { type ArchiveIndex, createArchiveIndex, indexArchive } from './archive-index.ts';

export interface ArchiveSourceOptions {
  /** Absolute path or `s3://bucket/key`. */
  readonly address: string;
  /** The folder that it lies in, links resolved; undefined on S3. */
  readonly rootFolder: string | undefined;
  readonly idPattern: IdPattern;
  readonly rules: ListRules;
  /** @throws UsageError if it is not there or may not be read */
  readonly openBytes: (signal: AbortSignal) => Promise<ArchiveBytes>;
  /** @throws UsageError if it is no such file */
  readonly openFile: (bytes: ArchiveBytes) => Promise<ArchiveFile>;
  /** What a failed read is to end the command with. */
  readonly explainFault: (error: unknown) => unknown;
}

/**
 * The photos in an archive file, in the order of its directory. What is left out, and how ids arise, is as in a folder; an
 * entry that cannot be read, or not by everybody in the same way, is listed with its problem.
 * @throws UsageError if it is no such file, or not whole: that is seen before a run is started
 */
export async function createArchiveSource(options: ArchiveSourceOptions): Promise<Source> {
  const { address, rootFolder, idPattern, openBytes, openFile } = options;
  await checkBeginning(options);
  return {
    address,
    sameSubject: idPattern.hasPhoto ? 'repeat' : 'collision',
    idsFromPaths: true,
    ...(rootFolder !== undefined && { rootFolder }),
    leavesOut: true,
    async version(signal) {
      const bytes = await openBytes(signal).catch(() => undefined);
      await bytes?.close();
      return bytes?.version;
    },
    async *list({ after, signal, onLeftOut, onEnd }) {
      signal.throwIfAborted();
      const bytes = await openBytes(signal);
      try {
        const mark = markOf(bytes.version);
        const from = placeAfter(after, { mark, address });
        const file = await openFile(bytes);
        // What is read forward is read once: who reads the photos finds a name that comes again behind the one it asks for.
        const folders = createFolderCount(onLeftOut);
        const growing = file.isForward ? createArchiveIndex() : undefined;
        const index = growing ?? (await indexArchive(file, signal));
        for await (const entry of file.entries({ from, signal })) {
          signal.throwIfAborted();
          if (entry.isFolder) continue;
          growing?.add(entry);
          if (from !== undefined && entry.position < from) continue;
          const listed = await listEntry(entry, { ...options, file, index, signal });
          if ('folder' in listed) {
            await folders.add(listed.folder);
            continue;
          }
          await folders.end();
          if ('leftOut' in listed) await onLeftOut?.(listed.leftOut);
          else yield { ...listed, cursor: `${entry.next}:${mark}` };
        }
        await folders.end();
        if (!(await bytes.isCurrent())) throw changedWhileListed(address);
        onEnd?.({ version: bytes.version, gaps: 0 });
      } catch (error) {
        signal.throwIfAborted();
        throw explain(error, options);
      } finally {
        await bytes.close();
      }
    },
  };
}

/** @throws UsageError if it is not there, or its first entry cannot be read */
async function checkBeginning(options: ArchiveSourceOptions): Promise<void> {
  const { openBytes, openFile } = options;
  const { signal } = new AbortController();
  const bytes = await openBytes(signal);
  try {
    for await (const _ of (await openFile(bytes)).entries({ signal })) return;
  } catch (error) {
    throw explain(error, options);
  } finally {
    await bytes.close();
  }
}

/** Where listing goes on. @throws UsageError if it was begun in another file: places in that are others */
function placeAfter(
  after: ListedPhoto | undefined,
  { mark, address }: { mark: string; address: string },
): number | undefined {
  if (after === undefined) return undefined;
  const [next, begunIn] = (after.cursor ?? '').split(':');
  if (begunIn !== mark) throw changedSource(address);
  return Number(next);
}

function explain(error: unknown, { address, explainFault }: ArchiveSourceOptions): unknown {
  if (error instanceof ArchiveChangedError) return changedSource(address);
  return error instanceof RollcallError ? error : explainFault(error);
}

type Options = ArchiveSourceOptions & {
  readonly file: ArchiveFile;
  readonly index: ArchiveIndex;
  readonly signal: AbortSignal;
};

async function listEntry(
  entry: ArchiveEntry,
  options: Options,
): Promise<ListedPhoto | { readonly leftOut: LeftOut } | { readonly folder: LeftOutFolder }> {
  const { address, idPattern, rules } = options;
  const { path } = entry;
  const folder = entry.hasBadName ? undefined : leftOutFolderOf(path, rules);
  if (folder !== undefined) return { folder };
  const looked = await look(entry, options);
  if ('why' in looked)
    return { leftOut: { path, why: looked.why, ...possibleSubject(path, looked.why, idPattern) } };
  const photo = formatArchivedAddress(address, path);
  if (!('problem' in looked)) return listedFile(path, { idPattern, about: { photo, ...looked } });
  const subjectId = idPattern.matchFile(path);
  const problem = `${JSON.stringify(path)} ${looked.problem}`;
  return { ...(subjectId !== undefined && { subjectId }), photo, problem };
}

async function look(entry: ArchiveEntry, { rules, file, index, signal }: Options): Promise<Looked> {
  const verdict = rules.file(entry.path);
  if (verdict !== 'photo' && verdict !== 'if-image' && verdict !== 'odd') return { why: verdict };
  const problem = entry.problem ?? index.find(entry.path)?.flaw;
  const { version, sizeInBytes } = entry;
  if (verdict === 'photo') return problem === undefined ? { version, sizeInBytes } : { problem };
  if (problem !== undefined) return problemWithoutSuffix(verdict, problem);
  return byContent(verdict, await file.readBeginning(entry, signal), { version, sizeInBytes });
}

/** Whether it is an image nobody can see: a name without a suffix may be a photo's, an unknown suffix is taken for none. */
function problemWithoutSuffix(verdict: 'if-image' | 'odd', problem: string): Looked {
  return verdict === 'if-image' ? { problem } : { why: 'no-image' satisfies LeftOutReason };
}
