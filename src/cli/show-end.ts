import type { RunEnd } from '../conductor/conducting.ts';
import { describeSource } from '../records/describe-source.ts';
import { countDeadLetters, statuses } from '../records/report/report-line.ts';
import { runFolderOf } from '../records/run-record.ts';
import type { Summary } from '../records/summary.ts';
import { exitCodeOf } from '../records/summary.ts';
import { plural } from '../util/plural.ts';
import { meaningOf } from '../util/warning.ts';
import type { CommandContext } from './command-context.ts';
import { print, printJson, say, terminalColumns } from './terminal/output.ts';
import { describeList } from './text/describe-list.ts';
import { describeMoney } from './text/describe-money.ts';
import { layRows } from './text/labelled-rows.ts';

/**
 * Says how a run ended and how to go on; returns the exit code. `isAside`: on stderr, since the command has another result.
 */
export function showEnd(
  { rollcall, interruptExitCode }: Pick<CommandContext, 'rollcall' | 'interruptExitCode'>,
  end: RunEnd,
  { json, isAside = false }: { json: boolean; isAside?: boolean },
): number {
  const folder = rollcall.state.locate(runFolderOf(end.runId));
  switch (end.kind) {
    case 'over':
      if (json) printJson({ ...end.summary, runDir: folder });
      else (isAside ? say : print)(showSummary(end.summary, folder));
      if (exitCodeOf(end.summary, rollcall.settings) === 2)
        say(
          `No photo was found in ${describeSource(end.summary.source)}. If that is expected: --allow-empty`,
        );
      return exitCodeOf(end.summary, rollcall.settings);
    case 'paused':
      if (json) printJson({ run: end.runId, state: 'paused', waitsFor: end.waitsFor, runDir: folder });
      say(`Run ${end.runId} is paused: ${end.waitsFor}`);
      say(
        `No photo is lost: the run goes on where it stopped. To end it instead: rollcall cancel ${end.runId}`,
      );
      return 3;
    case 'interrupted':
      if (json) printJson({ run: end.runId, state: 'interrupted', runDir: folder });
      say(`Run ${end.runId} was interrupted. Start the same command again to go on where it stopped.`);
      return interruptExitCode();
  }
}

/** The summary for people. `folder` is where the run's files are; `columns`: of the terminal, absent where there is none. */
export function showSummary(summary: Summary, folder: string, columns = terminalColumns()): string[] {
  const rows = statuses
    .filter((status) => status === 'enrolled' || (summary.byStatus[status] ?? 0) > 0)
    .map((status) => `  ${status.padEnd(10)} ${String(summary.byStatus[status] ?? 0).padStart(9)}`);
  const codes = Object.entries(summary.byCode).sort(([, a], [, b]) => b - a);
  const reasons = Object.entries(summary.byReason).sort(([, a], [, b]) => b - a);
  const deadLetters = countDeadLetters(summary.byStatus);
  const rate = summary.achievedRate === undefined ? '' : `, ${summary.achievedRate} calls a second`;
  const asked = summary.identifications ? `${plural(summary.identifications, 'identification')}, ` : '';
  const { verification } = summary;
  const saved = summary.savedCalls ? `; ${summary.savedCalls} saved by the preflight` : '';
  const leftOut = summary.leftOut
    ? ` (${plural(summary.leftOut, 'other file')} left out: not a photo, or not to be listed)`
    : '';
  return [
    `Run ${summary.run} ${summary.state}: ${plural(summary.total, 'photo')}${leftOut}`,
    ...rows,
    ...layRows(
      [
        { label: 'by code', counts: codes },
        { label: 'skipped as', counts: reasons },
      ]
        .filter(({ counts }) => counts.length > 0)
        .map(({ label, counts }) => ({
          label,
          text: counts.map(([name, count]) => `${name}: ${count}`).join(', '),
        })),
      { indent: 2, labelWidth: 10, columns },
    ),
    ...warningRows(summary.warnings, columns),
    `  calls      ${String(summary.calls).padStart(9)}  (${asked}${plural(summary.retries, 'retry', 'retries')}${rate}${saved})`,
    ...describeMoney(summary.money).map((text) => `  money      ${text}`),
    ...(verification
      ? [
          `  verified   ${String(verification.photos).padStart(9)}  (${verification.matched} matched their own ` +
            `template${verification.lowestSimilarity === undefined ? '' : `, lowest similarity ${verification.lowestSimilarity}`})`,
        ]
      : []),
    `Report: ${folder}/report.jsonl${summary.leftOutOfReport ? ` (without ${plural(summary.leftOutOfReport, 'unchanged photo')}: --report changed)` : ''}`,
    ...describeList(summary, folder),
    ...(summary.missing
      ? [
          `Enrolled and no longer in the source: ${plural(summary.missing, 'subject')}, see ${folder}/missing.jsonl`,
        ]
      : []),
    ...(deadLetters > 0
      ? [`${deadLetters} need${deadLetters === 1 ? 's' : ''} attention: rollcall dead-letters ${summary.run}`]
      : []),
  ];
}

/** The most frequent first, each with what it means. `columns` as in `showSummary`. */
export function warningRows(
  warnings: Readonly<Record<string, number>>,
  columns = terminalColumns(),
): string[] {
  const counts = Object.entries(warnings).sort(([, a], [, b]) => b - a);
  const width = Math.max(0, ...counts.map(([warning]) => warning.length));
  const rows = counts.map(([warning, count]) => ({
    label: `${warning.padEnd(width)} ${String(count).padStart(7)} `,
    text: meaningOf(warning) ?? '',
  }));
  const laid = layRows(rows, { indent: 4, labelWidth: width + 9, columns });
  return rows.length > 0 ? ['  warnings', ...laid.map((row) => row.trimEnd())] : [];
}
