import { Command, CommanderError } from 'commander';
import { RollcallError } from '../util/errors.ts';
import { systemFixOf } from '../util/system-fix.ts';
import { packageVersion } from '../util/version.ts';
import { commands } from './commands.ts';
import { say } from './terminal/output.ts';

/** What stands behind `rollcall` on the command line, carried out in this process. Gives the exit code. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(words);
    await program.parseAsync(words, { from: 'user' });
    // A command that came to its end has said how.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return exitCodeFor(error);
  }
}

/** Commands that are not among the words given are known by name only: nothing of them is loaded. */
async function createProgram(words: readonly string[]): Promise<Command> {
  const program = new Command('rollcall')
    .description('Moves a photo archive into a face-recognition engine and proves what it did.')
    .version(packageVersion)
    .configureHelp({
      sortSubcommands: false,
      // Commander leaves out [options] where it knows of none, as it does of a command that is not loaded.
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
    })
    .showHelpAfterError('(see rollcall --help)')
    .configureOutput({ outputError: (text) => say(text.trimEnd().split(/\n(?=\(Did you mean)/u)) })
    .exitOverride();
  for (const [name, entry] of Object.entries(commands)) {
    const command = program
      .command(name)
      .description(entry.description)
      .showHelpAfterError(`(see rollcall ${name} --help)`);
    for (const [argument, meaning] of Object.entries(entry.arguments ?? {}))
      command.argument(argument, meaning);
    if (words.includes(name)) (await entry.load())(command);
  }
  return program;
}

/** Says what went wrong in words; a stack is shown only for faults of the program itself. */
export function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RollcallError) {
    say(`rollcall: ${error.message}`);
    return error.exitCode;
  }
  const fix = fixOf(error);
  if (fix !== undefined) say(`rollcall: ${(error as Error).message}. ${fix}.`);
  else say([`rollcall: internal error: ${String(error)}`, ...framesOf(error)]);
  return 4;
}

/** What the system refuses is no fault of the program. */
function fixOf(error: unknown): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'uv_cwd')
    return 'The folder in which this was started is not there any more: change to another';
  return syscall === undefined ? undefined : systemFixOf(code);
}

/** Where the program was, without the message, whose lines could look the same. */
function framesOf(error: unknown): string[] {
  const { stack = '' } = error instanceof Error ? error : {};
  return stack.split('\n').filter((line) => /^\s+at /u.test(line));
}
