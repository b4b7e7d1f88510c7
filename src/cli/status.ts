import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { readChangedRun } from '../records/run-changes.ts';
import { readRunEvents } from '../records/run-events.ts';
import {
  isOver,
  listReadableRuns,
  listRunRecords,
  type RunRecord,
  readRunRecord,
} from '../records/run-record.ts';
import { listInboxes } from '../runs/inbox/list-inboxes.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { ownTemplateIdNotes } from '../runs/own-template-ids.ts';
import { inboxOf } from '../sources/inbox/inbox-source.ts';
import { UsageError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { clearScreen, endWhenUnread, print, write } from './terminal/output.ts';
import { printSpans } from './terminal/print-spans.ts';
import { describeEvents } from './text/describe-events.ts';
import { describeInbox } from './text/describe-inbox.ts';
import { statusTable } from './text/status-table.ts';

const watchEveryInMs = 2_000;
const shownRuns = 10;

interface StatusOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly all?: boolean;
}

export function defineStatus(command: Command): void {
  command
    .option('--json', 'print JSON, one object a line')
    .option('--all', `all runs, not only the newest ${shownRuns}`)
    .option('--watch', 'refresh every two seconds, until interrupted')
    .action(async (runId: string | undefined, options: StatusOptions & Record<string, unknown>) => {
      endWhenUnread();
      const show = async (rollcall: Rollcall) => {
        const { records: written, unreadable } = runId
          ? { records: [await findRun(rollcall, runId)], unreadable: [] }
          : await listReadableRuns(rollcall.state);
        const records = await Promise.all(written.map((record) => withChanges(rollcall, record)));
        const isCleared = options.watch && process.stdout.isTTY;
        if (isCleared) clearScreen();
        const notes = ownTemplateIdNotes(records);
        const faults = unreadable.map(({ id, fault }) => ({ id, problem: fault.message }));
        if (options.json)
          await write([...records, ...faults].map((record) => `${JSON.stringify(record)}\n`).join(''));
        else if (records.length + faults.length === 0) print(`No run in ${rollcall.state.address}.`);
        else {
          // An inbox is one line, however many runs it has had; one of them that needs attention is shown.
          const isShown = (run: RunRecord) =>
            inboxOf(run) === undefined || run.state === 'paused' || runId !== undefined;
          const listed = options.all ? records : records.filter(isShown);
          const shown = options.all ? records : listed.slice(0, shownRuns);
          if (!runId) print((await listInboxes(rollcall.state, records)).map(describeInbox));
          if (shown.length > 0) printSpans(statusTable(shown, { notes, now: new Date() }));
          if (runId && records[0])
            printSpans(describeEvents(await readRunEvents(rollcall.state, records[0].id)));
          print([
            ...describeOlder(listed.slice(shown.length)),
            ...faults.map(({ id, problem }) => `${id}  cannot be read: ${problem}`),
          ]);
        }
        if (options.watch && !options.json && !isCleared) print('');
        return unreadable.length === 0 ? 0 : 4;
      };
      await withRollcall(
        options,
        async ({ rollcall, signal, interruptExitCode, life }) => {
          if (!options.watch) {
            return show(rollcall);
          }
          life.end();
          while (!signal.aborted) {
            await show(rollcall);
            await delay(watchEveryInMs, undefined, { signal }).catch(() => {});
          }
          return interruptExitCode();
        },
        { drains: false },
      );
    });
  addSettings(command, 'status');
}

/** What was asked for by `rollcall set` holds, whether or not a process has taken it over. */
const withChanges = async ({ state }: Rollcall, record: RunRecord) =>
  isOver(record) ? record : readChangedRun(state, record);

/**
 * The run of an id, or the newest.
 * @throws UsageError where there is none; for the name of an inbox or a schedule it names the newest of its runs
 */
export async function findRun({ state }: Rollcall, runId: string | undefined): Promise<RunRecord> {
  if (runId === undefined) {
    const [newest] = await listRunRecords(state);
    if (newest) return newest;
    throw new UsageError(
      'no-run',
      `There is no run in ${state.address}. To look elsewhere, set --state (ROLLCALL_STATE).`,
    );
  }
  const record = /^[\w.-]+$/.test(runId) ? await readRunRecord(state, runId) : undefined;
  if (record) return record;
  const [newest] = (await listReadableRuns(state)).records.filter(({ id }) => id.startsWith(`${runId}-`));
  const meant = newest === undefined ? '' : ` Of those of this name, ${newest.id} is the newest.`;
  throw new UsageError(
    'no-run',
    `There is no run ${runId} in ${state.address}.${meant} rollcall status lists the runs.`,
  );
}

/** Who is not shown must not be forgotten: runs that are not over, above all. */
function describeOlder(records: readonly RunRecord[]): string[] {
  if (records.length === 0) return [];
  const open = records.filter((record) => !isOver(record)).length;
  const notOver = open === 0 ? '' : `, ${open} of them not over`;
  return [`and ${plural(records.length, 'older run')}${notOver}: rollcall status --all`];
}
