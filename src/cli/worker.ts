import type { Command } from 'commander';
import type { RunEvent } from '../runs/work-on-all.ts';
import type { ScheduleEvent } from '../schedule/schedule-history.ts';
import { plural } from '../util/plural.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { openFurtherWorkers } from './further-workers.ts';
import { say } from './terminal/output.ts';

export function defineWorker(command: Command): void {
  command.action(async (options: Record<string, unknown>) => {
    await withRollcall(
      options,
      async ({ rollcall, flags, signal, interruptExitCode, life, terminal }) => {
        const { sendOutcomes } = await import('../runs/webhook/send-outcomes.ts');
        const { workOnAll } = await import('../runs/work-on-all.ts');
        const { watchHealth } = await import('../runs/worker-health.ts');
        const { runSchedulerLoop } = await import('../schedule/scheduler-loop.ts');
        const { webhookKeyOf } = await import('../runs/webhook/signature.ts');
        // A secret that is none is said now, not in the night that fails.
        webhookKeyOf(rollcall.environment);
        await rollcall.queue();
        life.end();
        say(`Working on the runs of ${rollcall.state.address}`);
        const health = await watchHealth(rollcall, signal);
        const over = new AbortController();
        const untilOver = AbortSignal.any([signal, over.signal]);
        const sent = sendOutcomes(rollcall, { signal: untilOver });
        const schedules = runSchedulerLoop(rollcall, {
          signal: untilOver,
          onEvent: (name, event) => say(`Schedule ${name}: ${describeTick(event)}`),
        });
        const { counters } = health;
        const further = openFurtherWorkers({ rollcall, flags, signal, terminal, counters });
        const onRun = (event: RunEvent) => {
          say(describe(event));
          further[event.kind === 'joined' ? 'join' : 'leave'](event.runId);
          schedules.noteRun(event);
        };
        const tools = { ...rollcall, watch: counters?.watch };
        await workOnAll(tools, { signal, onRun, onLook: health.noteLook }).finally(async () => {
          over.abort();
          await further.close();
          await schedules.ended;
          await sent;
          await health.close();
        });
        return interruptExitCode();
      },
      { isService: true },
    );
  });
  addSettings(command, 'worker');
}

function describe(event: RunEvent): string {
  switch (event.kind) {
    case 'joined':
      return `Run ${event.runId}: joined`;
    case 'fault':
      return `Run ${event.runId}: ${event.error.message}`;
    case 'ended': {
      const { end } = event;
      if (end.kind === 'over')
        return `Run ${event.runId}: ${end.summary.state}, ${plural(end.summary.total, 'photo')}`;
      if (end.kind === 'paused') return `Run ${event.runId}: paused, ${end.waitsFor}`;
      return `Run ${event.runId}: interrupted, can be resumed`;
    }
  }
}

function describeTick(event: ScheduleEvent): string {
  switch (event.result) {
    case 'started': {
      const missed = event.missed ? `, once for ${plural(event.missed + 1, 'scheduled time')}` : '';
      return `run ${event.runId} starts${missed}`;
    }
    case 'skipped':
      return `skipped, ${event.why}`;
    case 'failed':
      return `no run was started: ${event.why}`;
  }
}
