import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { UsageError } from '../errors.ts';
import { createCsvSource } from './csv-source.ts';
import { checkFolder, createFolderSource } from './folder-source.ts';
import { parseIdPattern } from './id-from.ts';
import type { Redrive } from './jsonl-row.ts';
import { createJsonlSource } from './jsonl-source.ts';
import { createPathFilter } from './path-filter.ts';
import { redactAddress } from './redact-address.ts';
import type { Source } from './source.ts';
import { createStdinSource } from './stdin-source.ts';

export interface OpenSourceOptions {
  /** `--id-from`: how a folder's paths give the subject's id. Default `{id}.{ext}`. */
  readonly idFrom?: string | undefined;
  /** Globs on a folder's paths. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** Permits photos that lie outside the folder, or outside the manifest's folder. */
  readonly allowOutside?: boolean | undefined;
  /** Which lines of an earlier report are listed; default `unsettled`: rejected, failed, cancelled. */
  readonly redrive?: Redrive | undefined;
  /** What `-` reads. */
  readonly stdin?: Readable | undefined;
  /** Relative paths begin here; default the working directory. */
  readonly workingFolder?: string | undefined;
}

const accepted = 'a folder, a manifest (.csv, .jsonl, .ndjson), or - for JSON lines on stdin';

/**
 * The source that a command's argument names. What lies in it is read when it is listed; only its beginning is looked
 * at here, so that no run is started over what can never be listed.
 * @throws UsageError if it is nothing that can be listed, or the options do not go with it
 */
export async function openSource(spec: string, options: OpenSourceOptions = {}): Promise<Source> {
  const { allowOutside = false, redrive = 'unsettled', workingFolder = process.cwd() } = options;
  if (spec === '-') {
    checkNoGlobs(options);
    return createStdinSource({
      stdin: options.stdin ?? process.stdin,
      folder: workingFolder,
      allowOutside,
      redrive,
    });
  }
  checkSpec(spec);
  const path = resolve(workingFolder, spec);
  if (await isFolder(path)) {
    await checkFolder(path);
    return openFolder(path, { ...options, allowOutside });
  }
  const suffix = extname(path).toLowerCase();
  if (suffix === '.csv') {
    checkNoGlobs(options);
    return createCsvSource({ path, allowOutside });
  }
  if (suffix === '.jsonl' || suffix === '.ndjson') {
    checkNoGlobs(options);
    return createJsonlSource({ path, allowOutside, redrive });
  }
  throw new UsageError(
    'source-kind',
    `${path} is no source that rollcall knows by its suffix; give ${accepted}.`,
  );
}

function openFolder(path: string, options: OpenSourceOptions & { allowOutside: boolean }): Source {
  const { idFrom = '{id}.{ext}', include = [], exclude = [], allowOutside } = options;
  const filter = createPathFilter({ include, exclude });
  return createFolderSource({ path, idPattern: parseIdPattern(idFrom), filter, allowOutside });
}

function checkSpec(spec: string): void {
  if (spec.trim() === '') throw new UsageError('source-kind', `The source is missing; give ${accepted}.`);
  if (/^s3:/iu.test(spec))
    throw new UsageError('source-kind', 'S3 sources are not supported by this version.');
  if (!/^[a-z][a-z0-9+.-]*:\/\//iu.test(spec)) return;
  const shown = redactAddress(spec).address;
  throw new UsageError('source-kind', `The source ${shown} cannot be listed; give ${accepted}.`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UsageError('source-missing', `The source ${path} cannot be read (${code}); give ${accepted}.`, {
      cause,
    });
  }
}

function checkNoGlobs({ include = [], exclude = [] }: OpenSourceOptions): void {
  if (include.length + exclude.length === 0) return;
  throw new UsageError(
    'source-globs',
    '--include and --exclude choose files of a folder; a manifest is listed whole.',
  );
}
