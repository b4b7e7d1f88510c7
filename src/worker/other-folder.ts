import { contentMark } from '../ledger/known-folders.ts';
import type { OtherFolder, PhotoJobData } from '../records/photo-job-data.ts';
import type { Outcome } from '../records/report/report-line.ts';

/**
 * What becomes of a photo whose id was inferred from another folder before. `sha256`: of its bytes; absent where the
 * engine fetches it itself, so that nobody here can compare. Undefined: nothing is wrong.
 */
export function judgeOtherFolder(
  { subjectId, otherFolder, tries }: Pick<PhotoJobData, 'subjectId' | 'otherFolder' | 'tries'>,
  sha256: string | undefined,
): { readonly collision: Omit<Outcome, 'finishedAt'> } | { readonly warning: 'other-folder' } | undefined {
  // What was called in this run was judged before its first call.
  if (!otherFolder || tries.calls > 0) return undefined;
  if (sha256 !== undefined && otherFolder.contents.includes(contentMark(sha256))) return undefined;
  if (otherFolder.isUnsure) return { warning: 'other-folder' };
  return {
    collision: {
      status: 'failed',
      stored: 'no',
      error: { kind: 'collision', message: describe(subjectId, otherFolder) },
    },
  };
}

function describe(subjectId: string, { folder, at }: OtherFolder): string {
  const where = folder === undefined ? 'another folder' : `${folder}, another folder,`;
  return (
    `${subjectId} was enrolled from ${where} with another picture on ${at.slice(0, 10)}: it may be somebody else with ` +
    'the same file name, and nobody is overwritten by a name. Where the archive moved, or this is the newer picture: --new ' +
    '--replace. Else give the photos ids of their own, in a list or with --id-from'
  );
}
