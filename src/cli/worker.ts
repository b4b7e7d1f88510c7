import type { Command } from 'commander';
import { type RunEvent, workOnAll } from '../run/work-on-all.ts';
import { say, withRollcall } from './command-context.ts';
import { accountSettings, addSettings, commonSettings, workSettings } from './flags.ts';

export function addWorkerCommand(program: Command): void {
  const command = program
    .command('worker')
    .description('work on runs until stopped; SIGTERM drains')
    .action(async (options: Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall, signal, interruptExitCode }) => {
        await rollcall.queue();
        say(`Working on the runs of ${rollcall.state.address}`);
        await workOnAll(rollcall, { signal, onRun: (event) => say(describe(event)) });
        return interruptExitCode();
      });
    });
  addSettings(command, [...accountSettings, ...workSettings, 'health', ...commonSettings]);
}

function describe(event: RunEvent): string {
  switch (event.kind) {
    case 'joined':
      return `Run ${event.runId}: joined`;
    case 'fault':
      return `Run ${event.runId}: ${event.error.message}`;
    case 'ended': {
      const { end } = event;
      if (end.kind === 'over') return `Run ${event.runId}: ${end.summary.state}, ${end.summary.total} photos`;
      if (end.kind === 'paused') return `Run ${event.runId}: paused, ${end.waitsFor}`;
      return `Run ${event.runId}: left to be resumed`;
    }
  }
}
