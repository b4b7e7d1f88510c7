import { FaultError, UsageError } from '../../util/errors.ts';
import type { IdPattern } from '../id-from.ts';
import type { LeftOut, LeftOutReason } from '../left-out.ts';
import { type ListRules, leftOutFolderOf } from '../list-rules.ts';
import { byContent, type Looked, possibleSubject } from '../look-at-content.ts';
import { changedSource, changedWhileListed, markOf } from '../manifest-position.ts';
import { problemOfText, readSubjectId } from '../read-subject-id.ts';
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
  readonly openFile: (bytes: ArchiveBytes, address: string) => Promise<ArchiveFile>;
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
        const file = await openFile(bytes, address);
        // What is read forward is read once: who reads the photos finds a name that comes again behind the one it asks for.
        const growing = file.isForward ? createArchiveIndex() : undefined;
        const index = growing ?? (await indexArchive(file, signal));
        for await (const entry of file.entries({ from, signal })) {
          signal.throwIfAborted();
          if (entry.isFolder) continue;
          growing?.add(entry);
          if (from !== undefined && entry.position < from) continue;
          const listed = await listEntry(entry, { ...options, file, index, signal });
          if ('leftOut' in listed) await onLeftOut?.(listed.leftOut);
          else yield { ...listed, cursor: `${entry.next}:${mark}` };
        }
        if (!(await bytes.isCurrent())) throw changedWhileListed(address);
        onEnd?.({ version: bytes.version, gaps: 0 });
      } catch (error) {
        signal.throwIfAborted();
        throw explain(error, address);
      } finally {
        await bytes.close();
      }
    },
  };
}

/** @throws UsageError if it is not there, or its first entry cannot be read */
async function checkBeginning({ openBytes, openFile, address }: ArchiveSourceOptions): Promise<void> {
  const { signal } = new AbortController();
  const bytes = await openBytes(signal);
  try {
    for await (const _ of (await openFile(bytes, address)).entries({ signal })) return;
  } catch (error) {
    throw explain(error, address);
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

function explain(error: unknown, address: string): unknown {
  if (error instanceof ArchiveChangedError) return changedSource(address);
  if (error instanceof UsageError || error instanceof FaultError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new FaultError(
    'source-unreadable',
    `${address} could not be read to its end (${code}): the list would not be whole. See to its drive or network share, then start the same command again; it goes on where it stopped.`,
    { cause: error },
  );
}

type Options = ArchiveSourceOptions & {
  readonly file: ArchiveFile;
  readonly index: ArchiveIndex;
  readonly signal: AbortSignal;
};

async function listEntry(
  entry: ArchiveEntry,
  options: Options,
): Promise<ListedPhoto | { readonly leftOut: LeftOut }> {
  const { address, idPattern, rules } = options;
  const { path } = entry;
  const folder = entry.hasBadName ? undefined : leftOutFolderOf(path, rules);
  if (folder !== undefined) return { leftOut: { ...folder, files: 1 } };
  const looked = await look(entry, options);
  if ('why' in looked)
    return { leftOut: { path, why: looked.why, ...possibleSubject(path, looked.why, idPattern) } };
  const photo = formatArchivedAddress(address, path);
  const shown = JSON.stringify(path);
  const written = idPattern.matchFile(path);
  if ('problem' in looked)
    return {
      ...(written !== undefined && { subjectId: written }),
      photo,
      problem: `${shown} ${looked.problem}`,
    };
  if (written === undefined)
    return { photo, ...looked, problem: `${shown} gives no subject id by --id-from "${idPattern.pattern}"` };
  const problem = problemOfText('its subject id', written);
  const { warnings, ...id } = readSubjectId(written);
  return {
    ...id,
    photo,
    ...looked,
    ...(warnings.length > 0 && { warnings }),
    ...(problem !== undefined && { problem: `${shown}: ${problem}` }),
  };
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
