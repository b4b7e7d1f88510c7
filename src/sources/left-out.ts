/**
 * Why a listing leaves something out: no image; another kind of picture that no engine takes; a hidden name; what
 * systems and programs keep beside photos; or `--include` and `--exclude`.
 */
export type LeftOutReason =
  | 'no-image'
  | 'other-picture'
  | 'temporary'
  | 'hidden'
  | 'recycle-bin'
  | 'snapshot'
  | 'thumbnails'
  | 'system'
  | 'excluded';

/** A file that a listing leaves out, or a folder with all that is in it. */
export interface LeftOut {
  /** From the source's root, with `/` between the parts; that of a folder ends with one. */
  readonly path: string;
  readonly why: LeftOutReason;
  /** Of a folder whose objects were seen. */
  readonly files?: number;
  /** Whose photo it may be all the same: that subject is not missing in the source. */
  readonly subjectId?: string;
}

/** How much was left out. */
export interface LeftOutCount {
  /** Files; not those of folders that were not entered. */
  readonly files: number;
  /** By suffix (`.txt`, `(no suffix)`), folder (`#recycle/`) or filter (`(excluded)`). */
  readonly byKind: Readonly<Record<string, number>>;
}

const mostKinds = 40;
const otherKinds = '(others)';

/** Counts what is left out; memory does not grow with it. */
export function createLeftOutTally(): { add(leftOut: LeftOut): void; count(): LeftOutCount } {
  const byKind = new Map<string, number>();
  let files = 0;
  return {
    add(leftOut) {
      const isFolder = leftOut.path.endsWith('/');
      const count = leftOut.files ?? 1;
      if (!isFolder || leftOut.files !== undefined) files += count;
      const kind = kindOf(leftOut);
      const key = byKind.has(kind) || byKind.size < mostKinds ? kind : otherKinds;
      byKind.set(key, (byKind.get(key) ?? 0) + count);
    },
    count: () => ({ files, byKind: Object.fromEntries(byKind) }),
  };
}

function kindOf({ path, why }: LeftOut): string {
  if (why === 'excluded') return '(excluded)';
  const name = path.split('/').findLast((part) => part !== '') ?? '';
  if (path.endsWith('/')) return `${name}/`;
  if (why === 'hidden') return '(hidden)';
  const suffix = suffixOf(name);
  if (suffix === undefined) return '(no suffix)';
  return /^[a-z0-9_-]{1,12}$/u.test(suffix) ? `.${suffix}` : otherKinds;
}

/** Of a file's name, in lower case and without its dot; undefined where there is none. */
export function suffixOf(name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  return dot > 0 && dot < name.length - 1 ? name.slice(dot + 1).toLowerCase() : undefined;
}
