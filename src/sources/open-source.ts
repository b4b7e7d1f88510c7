import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { formatS3Address, isS3Address, parseS3Address } from '../storage/s3/s3-address.ts';
import type { S3Connection } from '../storage/s3/s3-connection.ts';
import { UsageError } from '../util/errors.ts';
import { redactAddress } from '../util/redact-address.ts';
import { templateUuid } from '../util/template-id.ts';
import { whyUnreadable } from '../util/why-unreadable.ts';
import { formatArchivedAddress } from './archive/archive-address.ts';
import { openArchiveSource } from './archive/open-archive-source.ts';
import { checkFolder, createFolderSource } from './folder/folder-source.ts';
import { parseIdPattern } from './id-from.ts';
import { createListRules, type ListRules, leftOutFolderOf, type RulesVersion } from './list-rules.ts';
import { createCsvSource } from './manifest/csv-source.ts';
import type { Redrive, ReportOptions } from './manifest/jsonl-row.ts';
import { createJsonlSource } from './manifest/jsonl-source.ts';
import { localManifest } from './manifest/local-manifest.ts';
import type { ManifestPlace } from './manifest/manifest-bytes.ts';
import { s3Manifest } from './manifest/s3-manifest.ts';
import { createStdinSource } from './manifest/stdin-source.ts';
import { createPathFilter } from './path-filter.ts';
import { createS3PrefixSource } from './s3-prefix-source.ts';
import type { Source } from './source.ts';

export interface OpenSourceOptions {
  /** `--id-from`: how a folder's paths give the subject's id. Default `{id}.{ext}`. */
  readonly idFrom?: string | undefined;
  /** Globs on a folder's paths. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** Takes hidden files, and what lies in recycle bins, snapshots and folders of thumbnails. Default: off. */
  readonly includeLeftOut?: boolean | undefined;
  /** Of which version the rules are by which files are left out; default: the newest. */
  readonly listRules?: RulesVersion | undefined;
  /** Permits photos that lie outside the folder, or outside the manifest's folder. */
  readonly allowOutside?: boolean | undefined;
  /** Whether absolute paths of `-` may lead anywhere. Default: they may, since whoever pipes them means them. */
  readonly absoluteAnywhere?: boolean | undefined;
  /** Takes ids as they are that a spreadsheet may have spoiled (`#N/A`, `3-Jan`); default: they are judged. */
  readonly keepIds?: boolean | undefined;
  /** Which lines of an earlier report are listed; default `unsettled`: rejected, failed, cancelled. */
  readonly redrive?: Redrive | undefined;
  /**
   * The template id that follows from a subject at the engine that a report names: such an id is left to the engine of
   * the new run. Default: the UUID that most engines have.
   */
  readonly templateIdOf?: ReportOptions['templateIdOf'] | undefined;
  /** What `-` reads. */
  readonly stdin?: Readable | undefined;
  /** Relative paths begin here; default the working directory. */
  readonly workingFolder?: string | undefined;
  /** For sources on S3, which cannot be opened without it. */
  readonly s3?: S3Connection | undefined;
}

const accepted =
  'a folder, s3://bucket/prefix/, an archive file (.zip, .tar, .tar.gz), an S3 Inventory (its folder, or a manifest.json), a manifest (.csv, .jsonl, .ndjson; a file or on S3), or - for JSON lines on stdin';

/**
 * The source that a command's argument names. Its photos are read when it is listed; only its beginning is checked here,
 * so that no run is started for a source that can never be listed.
 * @throws UsageError if it is nothing that can be listed, or the options do not go with it
 */
export async function openSource(spec: string, options: OpenSourceOptions = {}): Promise<Source> {
  const { allowOutside = false, workingFolder = process.cwd() } = options;
  const { redrive = 'unsettled', templateIdOf = templateUuid } = options;
  const manifestOptions = { ...options, allowOutside, redrive, templateIdOf };
  if (spec === '-') {
    checkNoGlobs(options);
    return createStdinSource({
      stdin: options.stdin ?? process.stdin,
      folder: workingFolder,
      allowOutside,
      absoluteAnywhere: options.absoluteAnywhere ?? true,
      redrive,
      templateIdOf,
    });
  }
  checkSpec(spec);
  if (isS3Address(spec)) return openOnS3(spec, manifestOptions);
  const path = resolve(workingFolder, spec);
  if (await isFolder(path)) {
    await checkFolder(path);
    return createFolderSource({ path, ...foundBy(options), allowOutside });
  }
  const archive = await openArchiveSource(path, { ...foundBy(options), s3: options.s3 });
  if (archive !== undefined) return archive;
  const source = openManifest(localManifest(path), manifestOptions);
  if (source !== undefined) return source;
  throw new UsageError(
    'source-kind',
    `${path} is not a source that rollcall knows by its suffix; give ${accepted}.`,
  );
}

type ManifestOptions = OpenSourceOptions & ReportOptions & { readonly allowOutside: boolean };

/** Undefined for what is no manifest by its suffix. */
function openManifest(manifest: ManifestPlace, options: ManifestOptions): Promise<Source> | undefined {
  const { allowOutside, keepIds = false, redrive, templateIdOf } = options;
  switch (extname(manifest.address).toLowerCase()) {
    case '.csv':
      checkNoGlobs(options);
      return createCsvSource({ manifest, allowOutside, keepIds });
    case '.jsonl':
    case '.ndjson':
      checkNoGlobs(options);
      return createJsonlSource({ manifest, allowOutside, redrive, templateIdOf });
    default:
      return undefined;
  }
}

async function openOnS3(spec: string, options: ManifestOptions): Promise<Source> {
  const at = parseS3Address(spec);
  const { s3 } = options;
  if (s3 === undefined) throw new Error('a source on S3 needs a connection');
  if (at.key === '' || at.key.endsWith('/')) return createS3PrefixSource({ at, s3, ...foundBy(options) });
  if (isInventory(spec)) {
    const { createS3InventorySource } = await import('./s3-inventory/s3-inventory-source.ts');
    return createS3InventorySource({ at, s3, ...foundBy(options) });
  }
  const archive = await openArchiveSource(formatS3Address(at), { ...foundBy(options), s3 });
  if (archive !== undefined) return archive;
  const source = openManifest(s3Manifest(at, s3), options);
  if (source !== undefined) return source;
  const address = formatS3Address(at);
  throw new UsageError(
    'source-kind',
    `${address} is neither a manifest (.csv, .jsonl, .ndjson), nor the manifest.json of an S3 Inventory, nor an archive file (.zip, .tar, .tar.gz), nor a prefix: give ${address}/ for all photos below it.`,
  );
}

/** How photos are found, and their ids, where no list names them. */
const foundBy = (options: OpenSourceOptions) => ({
  idPattern: parseIdPattern(options.idFrom ?? '{id}.{ext}'),
  rules: rulesOf(options),
});

function rulesOf({ include = [], exclude = [], includeLeftOut, listRules }: OpenSourceOptions): ListRules {
  return createListRules({
    filter: createPathFilter({ include, exclude }),
    includeLeftOut,
    version: listRules,
  });
}

const isInventory = (address: string) => isS3Address(address) && address.toLowerCase().endsWith('.json');

/**
 * Whether a photo that was listed in a folder, prefix, inventory or archive file before lies in a folder of it that these
 * rules leave out: it is not listed any more, and not missing either.
 */
export function leftOutNow(
  source: string,
  options: Pick<OpenSourceOptions, 'include' | 'exclude' | 'includeLeftOut' | 'listRules'>,
): (photo: string) => boolean {
  const folders = [source.endsWith('/') ? source : `${source}/`, formatArchivedAddress(source, '')];
  const rules = rulesOf(options);
  return (photo) => {
    // An inventory's paths begin at the bucket of its photos.
    const roots = isInventory(source) ? [photo.split('/', 3).join('/').concat('/')] : folders;
    const root = roots.find((each) => photo.startsWith(each));
    return root !== undefined && leftOutFolderOf(photo.slice(root.length), rules) !== undefined;
  };
}

function checkSpec(spec: string): void {
  if (spec.trim() === '') throw new UsageError('source-kind', `The source is missing; give ${accepted}.`);
  if (isS3Address(spec) || !/^[a-z][a-z0-9+.-]*:\/\//iu.test(spec)) return;
  const shown = redactAddress(spec).address;
  throw new UsageError('source-kind', `The source ${shown} cannot be listed; give ${accepted}.`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    const why = whyUnreadable(cause as NodeJS.ErrnoException);
    throw new UsageError('source-missing', `The source ${path} ${why}. A source is ${accepted}.`, { cause });
  }
}

function checkNoGlobs({ include = [], exclude = [] }: OpenSourceOptions): void {
  if (include.length + exclude.length === 0) return;
  throw new UsageError(
    'source-globs',
    '--include and --exclude choose files of a folder; a manifest is listed whole.',
  );
}
