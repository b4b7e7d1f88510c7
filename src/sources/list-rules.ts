import { type LeftOutReason, suffixOf } from './left-out.ts';
import type { PathFilter } from './path-filter.ts';

/**
 * What becomes of a file by its path: it is a photo; it is one if its bytes are an image's; or it is left out. `odd`: an
 * image of that suffix is shown as a problem, since nobody can say whether it is meant.
 */
export type FileVerdict = 'photo' | 'if-image' | 'odd' | LeftOutReason;

/** Which files and folders of a folder or prefix are listed. Paths are from its root. */
export interface ListRules {
  file(path: string): FileVerdict;
  /** Why a folder is not entered; undefined: it is. */
  folder(path: string): LeftOutReason | undefined;
}

/** Of which version the rules are: a run goes on with those that its list was begun with. */
export type RulesVersion = 1 | 2;
export const currentRules: RulesVersion = 2;

/** @param options.includeLeftOut takes what lies in recycle bins and the like, and hidden files, too */
export function createListRules({
  filter,
  includeLeftOut = false,
  version = currentRules,
}: {
  filter: PathFilter;
  includeLeftOut?: boolean | undefined;
  version?: RulesVersion | undefined;
}): ListRules {
  const folderByName = version === 1 ? formerFolder : includeLeftOut ? () => undefined : whyFolder;
  const fileByName = version === 1 ? formerFile : byName(includeLeftOut);
  return {
    file(path) {
      const verdict = fileByName(nameOf(path));
      if (verdict !== 'photo' && verdict !== 'if-image' && verdict !== 'odd') return verdict;
      if (!filter.acceptsFile(path)) return 'excluded';
      return verdict === 'odd' && filter.isIncludedByName ? 'if-image' : verdict;
    },
    folder: (path) => folderByName(path) ?? (filter.acceptsFolder(path) ? undefined : 'excluded'),
  };
}

/** The first of the folders on the way to a file that is not entered, and why. Its path ends with a slash. */
export function leftOutFolderOf(
  path: string,
  rules: Pick<ListRules, 'folder'>,
): { path: string; why: LeftOutReason } | undefined {
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
    const why = end === 0 ? undefined : rules.folder(path.slice(0, end));
    if (why !== undefined) return { path: path.slice(0, end + 1), why };
  }
  return undefined;
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

const split = (words: string) => new Set(words.split(/\s+/u));

const images = split('jpg jpeg jpe png webp heic heif avif tif tiff gif bmp');
/** Others under which JPEG is known, and formats that people have photos of persons in (JPEG 2000: chips of passports). */
const moreImages = split('jfif jfi jif pjpeg pjp heics heifs hif jp2 j2k j2c jpc jpf jpx jpm jpt jph jxl');
/** `anna.jpg_large`, `anna.jpg!w720`, `anna.jpg1`: what downloads and services make of a suffix. */
const decorated =
  /^(?:jpe?g|jpe|jfif|jif|jfi|pjpe?g|png|webp|hei[cf]|avif|tiff?|gif|bmp)(?:[^a-z0-9~].*|\d{1,4})$/u;

const otherPictures = split(
  `cr2 cr3 crw nef nrw arw sr2 srf dng orf rw2 raf pef srw x3f 3fr iiq kdc mrw erf mef mos raw rwl psd psb ai
   svg svgz eps ico icns cur jxr wdp hdp exr hdr dds tga pcx ppm pgm pbm pnm xcf cdr indd`,
);
const temporaries = split('tmp temp part partial crdownload download bak swp lock old orig');
/** Suffixes of what everybody knows to be something else: those files are not looked at. */
const others = split(
  `txt csv tsv json jsonl ndjson xml xmp html htm md log ini cfg conf yml yaml db sqlite sqlite3 info nfo url
   lnk desktop pdf doc docx odt rtf xls xlsx xlsm ods ppt pptx odp pages numbers key zip rar 7z tar gz tgz bz2 xz zst
   mp4 m4v mov avi mkv webm mpg mpeg wmv flv 3gp mts m2ts mp3 m4a wav ogg opus flac aac amr thm aae pp3 dop lrv sh bat
   ps1 cmd exe dll so js ts py java class php css sql md5 sha1 sha256 sfv eml msg ics vcf parquet avro orc pem crt`,
);

const byName =
  (includeLeftOut: boolean) =>
  (name: string): FileVerdict => {
    if (name.startsWith('.') && !includeLeftOut) return 'hidden';
    const suffix = suffixOf(name);
    if (suffix === undefined) return 'if-image';
    if (images.has(suffix) || moreImages.has(suffix) || decorated.test(suffix)) return 'photo';
    if (otherPictures.has(suffix)) return 'other-picture';
    if (temporaries.has(suffix) || suffix.endsWith('~')) return 'temporary';
    return others.has(suffix) ? 'no-image' : 'odd';
  };

/** Names of folders, without regard to case. Plain words (`thumbs`, `trash`) may be anybody's own and are none. */
const folderNames: readonly (readonly [RegExp, LeftOutReason])[] = [
  [
    /^(?:#recycle|@recycle|\$recycle\.bin|recycler|recycled|\.trash.*|\.recycle|files_trashbin)$/iu,
    'recycle-bin',
  ],
  [/^(?:[#~.@]snapshots?|@recently-snapshot|\.zfs|files_versions)$/iu, 'snapshot'],
  [
    /^(?:@eadir|\.?@__thumb|\.thumbnails?|\.thumbs?|.+\.lrdata|ipod photo cache|\.bridgecache)$/iu,
    'thumbnails',
  ],
  [
    /^(?:lost\+found|found\.\d{3}|system volume information|__macosx|@tmp|@synoresource|@sharebin)$/iu,
    'system',
  ],
  [/^\./u, 'hidden'],
];

/** Folders of libraries that hold smaller copies of the photos that lie elsewhere in them. */
const folderPaths =
  /(?:\.photoslibrary\/(?:resources|database|private|internal|scopes|external)|\.(?:photolibrary|migratedphotolibrary|aplibrary)\/(?:thumbnails|previews|database|apple tv photo cache)|\bcaptureone\/cache)$/iu;

function whyFolder(path: string): LeftOutReason | undefined {
  const name = nameOf(path);
  const known = folderNames.find(([expression]) => expression.test(name))?.[1];
  return known ?? (folderPaths.test(path) ? 'thumbnails' : undefined);
}

function formerFolder(path: string): LeftOutReason | undefined {
  const name = nameOf(path);
  if (name.startsWith('.')) return 'hidden';
  return name === '@eaDir' || name === '__MACOSX' ? 'system' : undefined;
}

function formerFile(name: string): FileVerdict {
  if (name.startsWith('.')) return 'hidden';
  return images.has(suffixOf(name) ?? '') ? 'photo' : 'no-image';
}
