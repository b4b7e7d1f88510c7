import { isDeadLetter, type ReportLine } from '../records/report/report-line.ts';
import type { FailureThreshold } from '../settings/value-types.ts';
import { plural } from '../util/plural.ts';
import { withoutFullStop } from '../util/without-full-stop.ts';
import { remedyOf } from './what-helps.ts';

const sampleSize = 1000;

/** Says when too many photos end as dead letters: something other than the photos is wrong, and calls cost money. */
export interface FailureWatch {
  /** Why the run should pause, or undefined. */
  add(lines: readonly ReportLine[]): string | undefined;
  /** Another threshold, for what was and what will be. */
  replace(threshold: FailureThreshold): void;
}

/** A share counts over the last 1,000 outcomes, once there are that many; a count since this conductor began. */
export function createFailureWatch(atFirst: FailureThreshold): FailureWatch {
  let threshold = atFirst;
  /** Undefined: no dead letter. */
  const sample: (ReportLine | undefined)[] = [];
  let total = 0;
  let inSample = 0;
  const take = (line: ReportLine) => {
    const failed = isDeadLetter(line);
    sample.push(failed ? line : undefined);
    if (failed) [total, inSample] = [total + 1, inSample + 1];
    if (sample.length > sampleSize && sample.shift()) inSample -= 1;
  };
  const tooMany = () => {
    const why = () => mostFrequentOf(sample.filter((line) => line !== undefined));
    if ('count' in threshold) {
      return total >= threshold.count ? `${plural(total, 'dead letter')}${why()}` : undefined;
    }
    return sample.length >= sampleSize && inSample >= threshold.share * sampleSize
      ? `${inSample} of the last ${sampleSize} photos became dead letters${why()}`
      : undefined;
  };
  return {
    replace(changed) {
      threshold = changed;
    },
    add(lines) {
      let reason: string | undefined;
      for (const line of lines) {
        if (line.status === 'skipped' || line.status === 'cancelled') continue;
        take(line);
        reason ??= tooMany();
      }
      return reason;
    },
  };
}

/** `, most of them (612) code 5: can not detect face. What helps: …`; what is said is the newest one's. */
function mostFrequentOf(letters: readonly ReportLine[]): string {
  const byCode = new Map<string, number>();
  for (const line of letters) byCode.set(codeOf(line), (byCode.get(codeOf(line)) ?? 0) + 1);
  const [code, count] = [...byCode].sort(([, a], [, b]) => b - a)[0] ?? [];
  const line = letters.findLast((letter) => codeOf(letter) === code);
  if (code === undefined || line === undefined) return '';
  const message = line.error ? `: ${withoutFullStop(line.error.message).slice(0, 200)}` : '';
  const most = byCode.size === 1 ? 'all of them' : `most of them (${count})`;
  return `, ${most} ${code}${message}. What helps: ${remedyOf(line)}`;
}

const codeOf = ({ status, error }: ReportLine) =>
  error?.code === undefined ? (error?.kind ?? status) : `code ${error.code}`;
