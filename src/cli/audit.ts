import type { Command } from 'commander';
import { BudgetSpentError } from '../account/make-call.ts';
import { isFinding } from '../records/audit/audit-line.ts';
import { auditPathOf, readAuditLines, readAuditSummary } from '../records/audit/audit-record.ts';
import type { AuditSummary } from '../records/audit/audit-summary.ts';
import { isOver, readRunRecord } from '../records/run-record.ts';
import type { AuditEnd } from '../runs/audit/audit.ts';
import type { Repair } from '../runs/audit/repair.ts';
import type { ShareOrCount } from '../settings/value-types.ts';
import { plural } from '../util/plural.ts';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { readSample, readSeed } from './read-sample.ts';
import { sayEngineNotice } from './say-engine-notice.ts';
import { print, printJson, printRow, say } from './terminal/output.ts';
import { describeAudit, findingRow } from './text/describe-audit.ts';
import { describeToPay } from './text/describe-money.ts';
import { assertNewFile, writeNewFile } from './write-new-file.ts';

interface AuditCommandOptions {
  readonly sample?: ShareOrCount;
  readonly seed?: number;
  readonly repair?: boolean;
  readonly output?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  rollcall audit --engine ooto
      2,000 subjects: at most how many are missing
  rollcall audit --engine ooto --sample all --output audit.jsonl
      everybody, a JSON line each into a new file
  rollcall audit --engine ooto --sample 5% --repair
      and enroll anew whoever is missing or changed

Each subject is asked about with the photo that was enrolled: one call, or two.
The same command, started again, resumes.
Exit codes: 0 nothing found, 1 something was, 2 wrong usage, 3 stopped, 4 fault.`;

export function defineAudit(command: Command): void {
  command
    .option('--sample <which>', 'how many subjects: a count, a share (5%) or all (default: 2000)', readSample)
    .option('--seed <number>', 'choose the same subjects as the audit that named it', readSeed)
    .option('--repair', 'enroll anew whoever is missing or changed, as a run like any other')
    .option('--output <file>', 'write the lines to a new file as well')
    .option('--json', 'print the summary as one JSON object instead of text')
    .addHelpText('after', examples)
    .action(async (options: AuditCommandOptions & Record<string, unknown>) => {
      await withRollcall(options, (context) => audit(context, options));
    });
  addSettings(command, 'audit');
}

async function audit(context: CommandContext, options: AuditCommandOptions): Promise<number> {
  const { rollcall, signal, life, interruptExitCode } = context;
  const { sample, seed, repair = false, json = false } = options;
  if (options.output !== undefined) await assertNewFile({ file: options.output, flag: '--output' });
  const { audit: ask } = await import('../runs/audit/audit.ts');
  sayEngineNotice(rollcall);
  const asked = { done: 0, of: 0 };
  life.doing('Choosing subjects by the ledger');
  const end = await ask(rollcall, {
    ...(sample && { sample }),
    ...{ seed, repair, signal },
    onStart({ id, resumed, seed: chosenBy, subjects, calls, price }) {
      say([
        `${resumed ? 'Resuming' : 'Starting'} audit ${id}: ${plural(subjects, 'subject')}, seed ${chosenBy}`,
        ...describeToPay(price, calls),
      ]);
      asked.of = subjects;
      life.doing('Asking', () => `${asked.done} of ${plural(asked.of, 'subject')}`);
    },
    onProgress: (progress) => Object.assign(asked, progress),
  });
  if (end.kind === 'paused') {
    say(`Stopped: ${end.waitsFor}`);
    say('Nothing is lost: the same command goes on where it stopped.');
    return 3;
  }
  if (end.kind === 'interrupted') {
    say('Interrupted. Start the same command again to go on where it stopped.');
    return interruptExitCode();
  }
  return conclude(context, end, { ...options, json });
}

async function conclude(
  context: CommandContext,
  end: Extract<AuditEnd, { kind: 'over' }>,
  { output, json, repair }: AuditCommandOptions & { json: boolean },
): Promise<number> {
  const { state } = context.rollcall;
  const { summary, record } = end;
  if (output !== undefined) {
    await writeNewFile({ file: output, flag: '--output' }, linesOf(context, record.id));
    say(`Written to ${output}`);
  }
  if (!json) {
    await printFindings(context, summary);
    const { findNotAsked } = await import('../runs/audit/not-asked.ts');
    const notAsked = await findNotAsked(context.rollcall);
    print(describeAudit(summary, { report: state.locate(auditPathOf(record.id)), notAsked }));
  }
  const isRepairing = repair && record.state === 'repairing';
  const stopped = isRepairing
    ? await repairNow(context, end, { isAside: json }).catch((error) => {
        if (!(error instanceof BudgetSpentError)) throw error;
        say(
          'Stopped before the repair: nothing is left of the --budget. To go on: the same command with a larger one.',
        );
        return 3;
      })
    : undefined;
  const written = (await readAuditSummary(state, record.id)) ?? summary;
  if (json) await printJson({ ...written, report: state.locate(auditPathOf(record.id)) });
  const isUnjudged = summary.population.heldChosen > 0 && !summary.bound;
  return stopped ?? (summary.findings > 0 || isUnjudged ? 1 : 0);
}

async function* linesOf({ rollcall }: CommandContext, id: string): AsyncGenerator<string> {
  for await (const line of readAuditLines(rollcall.state, id)) yield `${JSON.stringify(line)}\n`;
}

const mostShown = 20;

async function printFindings(
  { rollcall }: CommandContext,
  { audit: id, findings }: AuditSummary,
): Promise<void> {
  let shown = 0;
  for await (const line of readAuditLines(rollcall.state, id)) {
    if (!isFinding(line)) continue;
    if (shown === mostShown) break;
    shown += 1;
    await printRow(findingRow(line));
  }
  if (findings > shown) print(`… and ${findings - shown} more in the report`);
}

/** @returns the exit code where a run did not come to its end */
async function repairNow(
  context: CommandContext,
  { record }: Extract<AuditEnd, { kind: 'over' }>,
  { isAside }: { isAside: boolean },
): Promise<number | undefined> {
  const { rollcall, signal, life } = context;
  const [{ finishRepairs, startRepairs }, { openAccountOf }, { reopenSource }, { joinAndShow }] =
    await Promise.all([
      import('../runs/audit/repair.ts'),
      import('../runs/review/retry-dead-letters.ts'),
      import('../runs/run-source.ts'),
      import('./join-and-show.ts'),
    ]);
  life.doing('Starting the repair');
  const repairs: Repair[] = [];
  for await (const repair of startRepairs(rollcall, record, signal)) {
    const { run, photos } = repair;
    repairs.push(repair);
    const started = await readRunRecord(rollcall.state, run);
    if (!started || isOver(started)) continue;
    say(`Repairing ${plural(photos, 'subject')} in run ${run}`);
    const opened = openAccountOf(rollcall.engineOf, started);
    const exitCode = await joinAndShow(
      context,
      { record: started, opened, openSource: (one) => reopenSource(rollcall, one) },
      { json: false, isAside },
    );
    // A photo that was not enrolled is a line of that run; what was found is said by the audit's own exit code.
    if (exitCode !== 0 && exitCode !== 1) return exitCode;
  }
  await finishRepairs(rollcall.state, record, repairs);
  return undefined;
}
