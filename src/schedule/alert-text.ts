import { countDeadLetters } from '../records/report/report-line.ts';
import type { RunRecord } from '../records/run-record.ts';
import { outdatingWarnings, type Summary } from '../records/summary.ts';
import { plural } from '../util/plural.ts';
import { showInvisible } from '../util/show-invisible.ts';
import { meaningOf } from '../util/warning.ts';
import { withoutFullStop } from '../util/without-full-stop.ts';

const codesNamed = 3;
/** An alert in two or three sentences, for the people of a chat. */
export function alertText(options: {
  schedule: string;
  exitCode: number;
  /** Absent: no run was started. */
  record: RunRecord | undefined;
  /** Of a run that is over. */
  summary: Summary | undefined;
  reason: string | undefined;
}): string {
  return harmless(sentences(options).join(' '));
}

function sentences({
  schedule,
  exitCode,
  record,
  summary,
  reason,
}: Parameters<typeof alertText>[0]): string[] {
  const who = `rollcall, schedule ${schedule}:`;
  if (!record) return [who, `no run was started: ${withoutFullStop(reason ?? 'no reason was recorded')}.`];
  const { id, counts, waitsFor } = record;
  if (summary) return [who, `run ${id} is ${summary.state}.`, ...outcomeOf(summary, exitCode)];
  const soFar = `${counts.done} of ${plural(counts.listed, 'photo')} done, ${plural(counts.deadLetters, 'dead letter')}.`;
  if (reason !== undefined) return [who, `run ${id} met a fault: ${withoutFullStop(reason)}.`, soFar];
  const why = waitsFor === undefined ? '' : `: ${withoutFullStop(waitsFor)}`;
  return [who, `run ${id} is ${record.state}${why}.`, soFar];
}

function outcomeOf({ run, total, byStatus, byCode, warnings }: Summary, exitCode: number): string[] {
  const deadLetters = countDeadLetters(byStatus);
  if (total === 0) return ['No photo was found.'];
  if (deadLetters === 0) {
    const whyOutdated = outdatingWarnings({ warnings }).map((warning) => `${meaningOf(warning)}.`);
    return [`${plural(total, 'photo')}, exit code ${exitCode}.`, ...whyOutdated];
  }
  const most = Object.entries(byCode).sort(([, a], [, b]) => b - a);
  const codes = most.slice(0, codesNamed).map(([code, count]) => `${count} x ${code}`);
  const named = [...codes, ...(most.length > codesNamed ? ['…'] : [])].join(', ');
  const need = `${deadLetters} of ${plural(total, 'photo')} ${deadLetters === 1 ? 'needs' : 'need'} attention`;
  return [`${need}${named === '' ? '' : ` (${named})`}.`, `See: rollcall dead-letters ${run}`];
}

const stand: Readonly<Record<string, string>> = { '<': '‹', '>': '›', '@': '＠' };

/** Chat systems take `<!channel>` and `@all` for orders; what others say must call nobody. */
const harmless = (text: string) => showInvisible(text).replace(/[<>@]/g, (sign) => stand[sign] ?? sign);
