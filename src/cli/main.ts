#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { RollcallError } from '../util/errors.ts';
import { say } from './command-context.ts';
import { addControlCommands } from './control.ts';
import { addDeadLettersCommand } from './dead-letters.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEngineCommand } from './engine.ts';
import { addEnqueueCommand } from './enqueue.ts';
import { addForgetCommand } from './forget.ts';
import { addIdentifyCommand } from './identify.ts';
import { addPreflightCommand } from './preflight.ts';
import { addPruneCommand } from './prune.ts';
import { addReportCommand } from './report.ts';
import { addRunCommand } from './run.ts';
import { addScheduleCommand } from './schedule.ts';
import { addStatusCommand } from './status.ts';
import { addWorkerCommand } from './worker.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('rollcall')
  .description('Moves a photo archive into a face-recognition engine and proves what it did.')
  .version(version)
  .configureHelp({ sortSubcommands: false })
  .showHelpAfterError('(rollcall --help shows what there is)')
  .exitOverride();

addRunCommand(program);
addEnqueueCommand(program);
addWorkerCommand(program);
addStatusCommand(program);
addReportCommand(program);
addDeadLettersCommand(program);
addControlCommands(program);
addScheduleCommand(program);
addIdentifyCommand(program);
addForgetCommand(program);
addPreflightCommand(program);
addPruneCommand(program);
addEngineCommand(program);
addDoctorCommand(program);
for (const command of program.commands) command.exitOverride();

process.on('uncaughtException', (error) => {
  process.exit(exitCodeFor(error));
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error);
}

/** Says what went wrong in words; a stack is shown only for faults of the program itself. */
function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RollcallError) {
    say(`rollcall: ${error.message}`);
    return error.exitCode;
  }
  say(
    `rollcall: a fault of the program: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return 4;
}
