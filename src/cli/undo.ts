import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { joinTerms } from '../account/spending.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { UndoLine, UndoReason } from '../records/undo/undo-line.ts';
import { countUndone, createUndoCounter, type UndoCounts } from '../runs/undo/undo-counts.ts';
import { readUndoLines, undoMoneyFolderOf } from '../runs/undo/undo-files.ts';
import { previewUndo, undoRun } from '../runs/undo/undo-run.ts';
import { formatDuration } from '../settings/durations.ts';
import type { CallCounts } from '../settings/price.ts';
import { UsageError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { findRun } from './status.ts';
import { print, printJson, say } from './terminal/output.ts';
import { describeSpent, describeToPay } from './text/describe-money.ts';
import { assertNewFile, writeNewFile } from './write-new-file.ts';

interface UndoOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly output?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  rollcall undo <run> --dry-run --output plan.jsonl
      what would become of each photo that the run stored; no call is made
  rollcall undo <run> --yes --output undone.jsonl
      take it back without a question

The same command, started again, goes on where it stopped. Meanwhile no run of
the account enrolls. Exit codes: 0 all reversed, or kept for another run;
1 something is impossible, 2 wrong usage, 3 stopped, 4 fault.`;

export function defineUndo(command: Command): void {
  command
    .option('--dry-run', 'only show what would become of the photos')
    .option('--yes', 'do not ask')
    .option('--output <file>', 'write a line of JSON for each photo to a new file')
    .option('--json', 'print the counts as one JSON object instead of text')
    .addHelpText('after', examples)
    .action(async (runId: string, options: UndoOptions & Record<string, unknown>) => {
      await withRollcall(options, async (context) => {
        const record = await findRun(context.rollcall, runId);
        const { dryRun, yes } = options;
        if (dryRun) return preview(context, record, options);
        if (options.output !== undefined) await assertNewFile({ file: options.output, flag: '--output' });
        if (!yes && !(await isWanted(context, record))) return 2;
        return undo(context, record, options);
      });
    });
  addSettings(command, 'undo');
}

async function preview(
  { rollcall, signal, life }: CommandContext,
  record: RunRecord,
  { output, json }: UndoOptions,
): Promise<number> {
  life.doing(`Looking at what ${record.id} stored`);
  const calls = { delete: 0, enroll: 0 };
  const lines = previewUndo(rollcall, record, { signal, onCall: countIn(calls) });
  const counter = createUndoCounter();
  await giveOut(counted(lines, counter), output);
  const { counts } = counter;
  if (json) await printJson({ run: record.id, isDryRun: true, ...counts, calls });
  else print([...describe(record, counts, 'would be'), ...(await toPay(rollcall, record, calls))]);
  return exitCodeOf(counts);
}

async function undo(
  { rollcall, signal, interruptExitCode, life }: CommandContext,
  record: RunRecord,
  { yes, output, json }: UndoOptions,
): Promise<number> {
  let done = 0;
  life.doing(`Undoing ${record.id}`, () => plural(done, 'photo'));
  try {
    const { waitsFor, ...end } = await undoRun(rollcall, record, {
      signal,
      // Who was asked has seen it.
      ...(yes && { onStart: ({ calls, price }) => say(describeToPay(price, calls)) }),
      onProgress: (progress) => {
        done = progress.done;
      },
      onWait: ({ runIds, durationInMs }) =>
        say(
          `${runIds.join(', ')} may have calls in flight: waiting ${formatDuration(durationInMs)} until none of them can ` +
            'still store anything. Nothing is enrolled meanwhile.',
        ),
    });
    await giveOut(readUndoLines(rollcall.state, record.id), output);
    if (json) await printJson({ ...end, ...(waitsFor !== undefined && { waitsFor }) });
    else print([...describe(record, end, ''), ...describeSpent(end.money)]);
    if (waitsFor === undefined) return exitCodeOf(end);
    say(`Stopped: ${waitsFor}`);
    say('To go on, start the same command again.');
    return 3;
  } catch (error) {
    if (!signal.aborted) throw error;
    say('Interrupted. Start the same command again to go on: what is done is not done again.');
    return interruptExitCode();
  }
}

/** @throws UsageError where nobody can be asked */
async function isWanted({ rollcall, signal, life }: CommandContext, record: RunRecord): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError(
      'not-confirmed',
      'undo deletes templates: give --yes, or look first with --dry-run.',
    );
  life.doing(`Looking at what ${record.id} stored`);
  const calls = { delete: 0, enroll: 0 };
  const counts = await countUndone(previewUndo(rollcall, record, { signal, onCall: countIn(calls) }));
  life.end();
  say([...describe(record, counts, 'would be'), ...(await toPay(rollcall, record, calls))]);
  if (counts.byStatus.reversed === 0) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Undo it? Type yes: ', { signal });
    if (answer.trim().toLowerCase() === 'yes') return true;
    say('Nothing was undone.');
    return false;
  } finally {
    terminal.close();
  }
}

/** At the price that an earlier start was given, where this one has none. */
async function toPay(
  { state, settings }: CommandContext['rollcall'],
  { id }: RunRecord,
  calls: CallCounts,
): Promise<string[]> {
  const { price } = await joinTerms(state, undoMoneyFolderOf(id), settings);
  return describeToPay(price, calls);
}

const countIn = (calls: Record<'delete' | 'enroll', number>) => (kind: 'delete' | 'enroll') => {
  calls[kind] += 1;
};

async function giveOut(lines: AsyncIterable<UndoLine>, file: string | undefined): Promise<void> {
  if (file === undefined) {
    for await (const _ of lines);
    return;
  }
  await writeNewFile({ file, flag: '--output' }, texts(lines));
  say(`Written to ${file}`);
}

async function* texts(lines: AsyncIterable<UndoLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

async function* counted(
  lines: AsyncIterable<UndoLine>,
  counter: ReturnType<typeof createUndoCounter>,
): AsyncGenerator<UndoLine> {
  for await (const line of lines) {
    counter.add(line);
    yield line;
  }
}

function describe({ id }: RunRecord, { byStatus, byReason, unproven }: UndoCounts, would: string): string[] {
  const { reversed, kept, impossible } = byStatus;
  const will = would === '' ? '' : `${would} `;
  const reasons = Object.entries(byReason).map(
    ([reason, count]) => `  ${count} ${meanings[reason as UndoReason]}`,
  );
  const doubt =
    unproven === 0
      ? []
      : [
          `${plural(unproven, 'template')} of the deleted: this state knows nothing earlier under their ids; another state might.`,
        ];
  return [
    `${id}: ${plural(reversed + kept + impossible, 'photo')} stored: ${will}${reversed} reversed, ${kept} kept, ${impossible} impossible`,
    ...reasons,
    ...doubt,
  ];
}

const meanings: Readonly<Record<UndoReason, string>> = {
  deleted: 'deleted: there was nothing before',
  restored: 'restored: the earlier photo is enrolled again',
  gone: 'gone already',
  'other-run': 'kept: another run stored the same person since, or is to',
  forgotten: 'kept: the person is forgotten, which deletes for itself',
  erased: 'kept: erased since',
  'earlier-version': 'impossible: the run is of a version that did not note what a run replaced',
  'not-in-ledger': 'impossible: the ledger knows nothing of it',
  'unclear-template': "impossible: the engine's answer named another person's template",
  'unclear-call': 'impossible: no answer came, so that what is there may be what another state stored',
  'unknown-before': 'impossible: the engine held a template before, and this state does not know whose',
  'given-id':
    'impossible: the list gave the template id, and nothing proves that it was free (run --undoable)',
  'engine-id': 'impossible: the engine gave the template id, and nothing proves that it was free',
  'earlier-unclear': 'impossible: whether the earlier photo was stored is not known',
  'earlier-forgotten': 'impossible: it replaced somebody who is forgotten',
  'earlier-without-hash': 'impossible: the bytes of the earlier photo are not known',
  'photo-gone': 'impossible: the earlier photo cannot be read any more',
  'photo-changed': 'impossible: the earlier photo has other bytes now',
  'no-deletion': 'impossible: the engine has no call that deletes',
  'call-failed': 'impossible: the call failed; start the command again',
};

const exitCodeOf = ({ byStatus }: UndoCounts) => (byStatus.impossible === 0 ? 0 : 1);
