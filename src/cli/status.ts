import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import {
  type Eta,
  isOver,
  listReadableRuns,
  listRunRecords,
  type RunRecord,
  readRunRecord,
} from '../records/run-record.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { ownTemplateIdNotes } from '../runs/own-template-ids.ts';
import { formatDuration } from '../settings/durations.ts';
import { UsageError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { clearScreen, print, write } from './output.ts';

/** A conductor writes run.json every 5 s at least; a record this old has none. */
const quietAfterInMs = 15_000;

const watchEveryInMs = 2_000;

interface StatusOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

export function defineStatus(command: Command): void {
  command
    .option('--json', 'print JSON, one object a line')
    .option('--watch', 'refresh every two seconds, until interrupted')
    .action(async (runId: string | undefined, options: StatusOptions & Record<string, unknown>) => {
      const show = async (rollcall: Rollcall) => {
        const { records, unreadable } = runId
          ? { records: [await findRun(rollcall, runId)], unreadable: [] }
          : await listReadableRuns(rollcall.state);
        const isCleared = options.watch && process.stdout.isTTY;
        if (isCleared) clearScreen();
        const notes = ownTemplateIdNotes(records);
        const faults = unreadable.map(({ id, fault }) => ({ id, problem: fault.message }));
        if (options.json)
          await write([...records, ...faults].map((record) => `${JSON.stringify(record)}\n`).join(''));
        else if (records.length + faults.length === 0) print(`No run in ${rollcall.state.address}.`);
        else
          print([
            ...records.flatMap((record) => describe(record, notes.get(record))),
            ...faults.map(({ id, problem }) => `${id}  cannot be read: ${problem}`),
          ]);
        if (options.watch && !options.json && !isCleared) print('');
        return unreadable.length === 0 ? 0 : 4;
      };
      await withRollcall(
        options,
        async ({ rollcall, signal, interruptExitCode }) => {
          if (!options.watch) {
            return show(rollcall);
          }
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

/** The run of an id, or the newest. @throws UsageError where there is none */
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
  throw new UsageError(
    'no-run',
    `There is no run ${runId} in ${state.address}. rollcall status lists the runs.`,
  );
}

/** Whether a conductor has shown itself lately. */
export const isWorkedOn = (record: RunRecord) =>
  record.state === 'active' && record.epoch > 0 && Date.now() - Date.parse(record.updatedAt) < quietAfterInMs;

function describe(record: RunRecord, note: string | undefined): string[] {
  const { listed, done, deadLetters, calls } = record.counts;
  const total = record.listed ? `${listed}` : `${listed} listed so far`;
  const state =
    isOver(record) || record.state === 'paused' || isWorkedOn(record) ? record.state : 'waits for a worker';
  return [
    `${record.id}  ${state}  ${done} of ${total}, ${plural(deadLetters, 'dead letter')}, ${plural(calls, 'call')}`,
    ...(isWorkedOn(record) && record.outlook ? [`  ${describeEta(record.outlook)}`] : []),
    `  ${record.source} -> ${record.engine} at ${record.engineUrl} (account ${record.account})`,
    ...(note === undefined ? [] : [`  good to know: ${note}`]),
    ...(record.waitsFor ? [`  why it waits: ${record.waitsFor}`] : []),
    ...(state === 'waits for a worker'
      ? [`  to go on: the command that started it, or rollcall worker`]
      : []),
  ];
}

function describeEta({ callsPerSecond, photosPerSecond, leftInMs, workers }: Eta): string {
  return [
    `${callsPerSecond.toFixed(1)} calls/s`,
    `${photosPerSecond.toFixed(1)} photos/s`,
    ...(leftInMs !== undefined ? [`${formatDuration(leftInMs)} left`] : []),
    plural(workers, 'worker'),
  ].join(', ');
}
