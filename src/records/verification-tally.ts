import type { ReportLine } from './report-line.ts';

/** Counts the enrolled photos that were looked for afterwards. `build` gives nothing where there were none. */
export function createVerificationTally() {
  let photos = 0;
  let matched = 0;
  let lowestSimilarity = Number.POSITIVE_INFINITY;
  return {
    add({ verification }: Pick<ReportLine, 'verification'>): void {
      if (!verification) return;
      photos += 1;
      if (!verification.matched) return;
      matched += 1;
      lowestSimilarity = Math.min(lowestSimilarity, verification.similarity ?? lowestSimilarity);
    },
    build() {
      if (photos === 0) return {};
      const share = Number((matched / photos).toFixed(4));
      const isKnown = Number.isFinite(lowestSimilarity);
      return { verification: { photos, matched, share, ...(isKnown && { lowestSimilarity }) } };
    },
  };
}
