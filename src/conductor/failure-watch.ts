import { isDeadLetter, type ReportLine } from '../records/report-line.ts';
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
  const take = (failed: boolean) => {
    sample.push(failed);
    if (failed) [total, inSample] = [total + 1, inSample + 1];
    if (sample.length > sampleSize && sample.shift()) inSample -= 1;
  };
  const tooMany = () => {
    if ('count' in threshold) {
      return total >= threshold.count ? `${total} photos became dead letters` : undefined;
    }
    return sample.length >= sampleSize && inSample >= threshold.share * sampleSize
      ? `${inSample} of the last ${sampleSize} photos became dead letters`
      : undefined;
  };
  return {
    add(lines) {
      let reason: string | undefined;
      for (const line of lines) {
        if (line.status === 'skipped' || line.status === 'cancelled') continue;
        take(isDeadLetter(line));
        reason ??= tooMany();
      }
      return reason;
    },
  };
}
