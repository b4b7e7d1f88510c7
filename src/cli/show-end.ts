import type { RunEnd } from '../conductor/conducting.ts';
import { runFolderOf } from '../records/run-record.ts';
import { exitCodeOf } from '../records/summary.ts';
import type { CommandContext } from './command-context.ts';
import { print, say } from './output.ts';
import { showSummary } from './show-summary.ts';

/** Says how a run ended and how to go on; returns the exit code. */
export function showEnd(
  { rollcall, interruptExitCode }: Pick<CommandContext, 'rollcall' | 'interruptExitCode'>,
  end: RunEnd,
  { json }: { json: boolean },
): number {
  const folder = rollcall.state.locate(runFolderOf(end.runId));
  switch (end.kind) {
    case 'over':
      print(json ? JSON.stringify({ ...end.summary, runDir: folder }) : showSummary(end.summary, folder));
      if (exitCodeOf(end.summary, rollcall.settings) === 2)
        say(`No photo was found in ${end.summary.source}. If that is right: --allow-empty`);
      return exitCodeOf(end.summary, rollcall.settings);
    case 'paused':
      if (json)
        print(JSON.stringify({ run: end.runId, state: 'paused', waitsFor: end.waitsFor, runDir: folder }));
      say(`Run ${end.runId} is paused: ${end.waitsFor}`);
      say(
        'No photo is lost. Start the same command again when that is mended, or: rollcall cancel ' +
          end.runId,
      );
      return 3;
    case 'interrupted':
      if (json) print(JSON.stringify({ run: end.runId, state: 'interrupted', runDir: folder }));
      say(`Run ${end.runId} was interrupted. Start the same command again to go on where it stopped.`);
      return interruptExitCode();
  }
}
