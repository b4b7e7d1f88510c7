import type { Command } from 'commander';
import { listReadableRuns } from '../records/run-record.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { ownTemplateIdNotes } from '../runs/own-template-ids.ts';
import { RollcallError } from '../util/errors.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { print, terminalColumns } from './terminal/output.ts';
import type { SignOfLife } from './terminal/sign-of-life.ts';
import { type LabelledRow, layRows } from './text/labelled-rows.ts';

/** One thing that a run needs. `check` returns what it found, or throws what has to be fixed. */
interface Check {
  readonly name: string;
  readonly check: () => Promise<string | Found>;
}

interface Found {
  readonly text: string;
  readonly more: readonly LabelledRow[];
  /** The exit code where a run would not do what is meant; else 0. */
  readonly exitCode: number;
}

const labelWidth = 8;

export function defineDoctor(command: Command): void {
  command.action(async (source: string | undefined, options: Record<string, unknown>) => {
    await withRollcall(options, async ({ rollcall, signal, life }) => {
      let exitCode = 0;
      for (const { name, check } of checksFor(rollcall, { source, signal, life })) {
        life.doing(`Checking the ${name}`);
        const found = await check().catch((error: Error) => ({
          text: error.message,
          more: [],
          exitCode: error instanceof RollcallError ? error.exitCode : 4,
        }));
        const { text, more, ...ended } = typeof found === 'string' ? { ...usual, text: found } : found;
        show({ label: name, text }, { more, isOk: ended.exitCode === 0 });
        exitCode = Math.max(exitCode, ended.exitCode);
      }
      return exitCode;
    });
  });
  addSettings(command, 'doctor');
}

const usual = { more: [], exitCode: 0 } as const;

function show(found: LabelledRow, { more, isOk }: { more: readonly LabelledRow[]; isOk: boolean }): void {
  const verdict = isOk ? 'ok' : 'fix';
  const [first = '', ...rest] = layRows([found, ...more], {
    indent: 6,
    labelWidth,
    columns: terminalColumns(),
  });
  print([`${verdict.padEnd(6)}${first.slice(6)}`, ...rest]);
}

function checksFor(
  rollcall: Rollcall,
  { source, signal, life }: { source: string | undefined; signal: AbortSignal; life: SignOfLife },
): Check[] {
  return [
    { name: 'state', check: () => checkState(rollcall) },
    { name: 'queue', check: () => checkQueue(rollcall) },
    { name: 'account', check: () => checkAccount(rollcall, signal) },
    ...(source === undefined
      ? []
      : [{ name: 'source', check: () => checkSource(rollcall, { source, signal, life }) }]),
  ];
}

async function checkState({ state }: Rollcall): Promise<string> {
  await state.write('doctor.tmp', 'written by rollcall doctor\n');
  await state.list('runs');
  await state.remove('doctor.tmp');
  return `${state.address} can be written`;
}

async function checkQueue(rollcall: Rollcall): Promise<string> {
  const backend = await rollcall.queue();
  await backend.accounts.read('doctor');
  return `${backend.kind} answers`;
}

/** One call that enrolls nothing, paced like any other. */
async function checkAccount(rollcall: Rollcall, signal: AbortSignal): Promise<string> {
  const { engine, url, account, ready } = rollcall.engine();
  if (!engine.checkAccount)
    return `${engine.name} at ${url}: the credentials are not checked, since this engine has no call for it that enrolls nothing`;
  await ready();
  const limiter = await rollcall.limiter(account);
  const permit = await limiter.acquire({ runId: 'doctor', signal });
  const checked = await engine.checkAccount(signal);
  await permit.done({ reply: undefined, photo: 'doctor', attemptsBefore: 0 });
  if (!checked.ok) throw new RollcallError('account', checked.message, { exitCode: 3 });
  // A state that cannot be read is said by the check of the state.
  const { records } = await listReadableRuns(rollcall.state).catch(() => ({ records: [] }));
  const own = records.filter((record) => record.account === account);
  const [note] = ownTemplateIdNotes(own).values();
  const known = note === undefined ? '' : `; ${note}`;
  return `${engine.name} at ${url} accepts the credentials (account ${account})${known}`;
}

async function checkSource(
  rollcall: Rollcall,
  options: { source: string; signal: AbortSignal; life: SignOfLife },
): Promise<Found> {
  const { lookAtSource } = await import('./look-at-source.ts');
  const { text, more, isWrong } = await lookAtSource(rollcall, options);
  return { text, more, exitCode: isWrong ? 2 : 0 };
}
