import type { Command } from 'commander';
import { listReadableRuns } from '../records/run-record.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { ownTemplateIdNotes } from '../runs/own-template-ids.ts';
import { createCaseTally } from '../sources/id-remarks.ts';
import { createLeftOutTally } from '../sources/left-out.ts';
import { RollcallError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { createRepeatTally } from '../util/repeat-tally.ts';
import { subjectKey } from '../util/subject-id.ts';
import { withRollcall } from './command-context.ts';
import { describeCaseOnly, describeRepeats } from './describe-ids.ts';
import { describeLeftOut } from './describe-list.ts';
import { addSettings } from './flags.ts';
import { print } from './output.ts';

const photosToList = 100;

/** One thing that a run needs. `check` returns what it found, or throws what has to be fixed. */
interface Check {
  readonly name: string;
  readonly check: () => Promise<string>;
}

export function defineDoctor(command: Command): void {
  command.action(async (source: string | undefined, options: Record<string, unknown>) => {
    await withRollcall(options, async ({ rollcall, signal, life }) => {
      let exitCode = 0;
      for (const { name, check } of checksFor(rollcall, source, signal)) {
        life.doing(`Checking the ${name}`);
        try {
          print(`ok    ${name.padEnd(8)} ${await check()}`);
        } catch (error) {
          print(`fix   ${name.padEnd(8)} ${(error as Error).message}`);
          exitCode = Math.max(exitCode, error instanceof RollcallError ? error.exitCode : 4);
        }
      }
      return exitCode;
    });
  });
  addSettings(command, 'doctor');
}

function checksFor(rollcall: Rollcall, source: string | undefined, signal: AbortSignal): Check[] {
  return [
    { name: 'state', check: () => checkState(rollcall) },
    { name: 'queue', check: () => checkQueue(rollcall) },
    { name: 'account', check: () => checkAccount(rollcall, signal) },
    ...(source === undefined ? [] : [{ name: 'source', check: () => checkSource(rollcall, source, signal) }]),
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

async function checkSource(rollcall: Rollcall, spec: string, signal: AbortSignal): Promise<string> {
  const { openSourceOf } = await import('../runs/run-source.ts');
  const source = await openSourceOf(rollcall, spec, rollcall.settings);
  let photos = 0;
  let firstProblem: string | undefined;
  const leftOut = createLeftOutTally();
  const cases = createCaseTally();
  const repeats = createRepeatTally();
  const ids = new Set<string>();
  for await (const photo of source.list({ signal, onLeftOut: leftOut.add })) {
    photos += 1;
    firstProblem ??= photo.problem;
    cases.add(photo, photos);
    const id = subjectKey(photo.subjectId ?? '');
    if (id !== '' && ids.has(id)) repeats.add(id, photos);
    ids.add(id);
    if (photos >= photosToList) break;
  }
  const isCut = photos === photosToList;
  const { byKind } = leftOut.count();
  const left =
    Object.keys(byKind).length === 0 ? '' : `; left out${isCut ? ' so far' : ''}: ${describeLeftOut(byKind)}`;
  const [repeated, caseOnly] = [repeats.most(), cases.found()];
  const isRepeated = repeated && source.sameSubject === 'repeat' && rollcall.settings.repeat !== 'each';
  const remarks = [
    ...(firstProblem === undefined ? [] : [`the first problem: ${firstProblem}`]),
    ...(isRepeated ? [describeRepeats(repeated, repeated.text)] : []),
    ...(caseOnly ? [describeCaseOnly(caseOnly)] : []),
  ];
  const found = `${isCut ? 'at least ' : ''}${plural(photos, 'photo')} in ${source.address}${left}`;
  return [found, ...remarks].join('; ');
}
