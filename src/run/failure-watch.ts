import { isDeadLetter, type ReportLine } from '../report/record.ts';
import type { FailureThreshold } from '../settings/values.ts';

const sampleSize = 1000;

/** Says when too many photos end as dead letters: something other than the photos is wrong, and calls cost money. */
export interface FailureWatch {
  /** Why the run should pause, or undefined. */
  add(lines: readonly ReportLine[]): string | undefined;
}

/** A share counts over the last 1,000 outcomes, once there are that many; a count since this conductor began. */
export function createFailureWatch(threshold: FailureThreshold): FailureWatch {
  const sample: boolean[] = [];
  let total = 0;
  let inSample = 0;
  return {
    add(lines) {
      for (const line of lines) {
        if (line.status === 'skipped' || line.status === 'cancelled') continue;
        const failed = isDeadLetter(line);
        sample.push(failed);
        if (failed) [total, inSample] = [total + 1, inSample + 1];
        if (sample.length > sampleSize && sample.shift()) inSample -= 1;
      }
      if ('count' in threshold) {
        return total >= threshold.count ? `${total} photos became dead letters` : undefined;
      }
      const tooMany = sample.length >= sampleSize && inSample >= threshold.share * sampleSize;
      return tooMany ? `${inSample} of the last ${sampleSize} photos became dead letters` : undefined;
    },
  };
}
