import { exitCodeFor, runCommandLine } from './run-command-line.ts';

process.on('uncaughtException', (error) => {
  process.exit(exitCodeFor(error));
});

process.exitCode = await runCommandLine(process.argv.slice(2));
