import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { isOver, listRunRecords, type RunRecord, readRunRecord } from '../run/run-record.ts';
import { print, withRollcall } from './command-context.ts';
import { addSettings, commonSettings } from './flags.ts';

/** A conductor writes run.json every 5 s at least; a record this old has none. */
const quietAfterInMs = 15_000;

export function addStatusCommand(program: Command): void {
  const command = program
    .command('status')
    .description('runs and their progress')
    .argument('[run]', 'id of a run; default: all')
    .option('--json', 'print JSON, one object a line')
    .action(async (runId: string | undefined, options: { json?: boolean } & Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall }) => {
        const records = runId ? [await findRun(rollcall, runId)] : await listRunRecords(rollcall.state);
        if (records.length === 0) print(`No run in ${rollcall.state.address}.`);
        for (const record of records) print(options.json ? JSON.stringify(record) : describe(record));
        return 0;
      });
    });
  addSettings(command, commonSettings);
}

/** The run of an id, or the newest. @throws UsageError where there is none */
export async function findRun({ state }: Rollcall, runId: string | undefined): Promise<RunRecord> {
  if (runId === undefined) {
    const [newest] = await listRunRecords(state);
    if (newest) return newest;
    throw new UsageError(
      'no-run',
      `There is no run in ${state.address}. Another state: --state (ROLLCALL_STATE).`,
    );
  }
  const record = /^[\w.-]+$/.test(runId) ? await readRunRecord(state, runId) : undefined;
  if (record) return record;
  throw new UsageError(
    'no-run',
    `There is no run ${runId} in ${state.address}. rollcall status lists the runs.`,
  );
}

/** Whether a conductor has shown itself lately. */
export const isWorkedOn = (record: RunRecord) =>
  record.state === 'active' && Date.now() - Date.parse(record.updatedAt) < quietAfterInMs;

function describe(record: RunRecord): string {
  const { listed, done, deadLetters, calls } = record.counts;
  const total = record.listed ? `${listed}` : `${listed} listed so far`;
  const state =
    isOver(record) || record.state === 'paused' || isWorkedOn(record) ? record.state : 'waits for a worker';
  return [
    `${record.id}  ${state}  ${done} of ${total}, ${deadLetters} dead letters, ${calls} calls`,
    `  ${record.source} -> ${record.engine} at ${record.engineUrl} (account ${record.account})`,
    ...(record.waitsFor ? [`  waits for: ${record.waitsFor}`] : []),
    ...(state === 'waits for a worker'
      ? [`  go on with the command that started it, or: rollcall worker`]
      : []),
  ].join('\n');
}
