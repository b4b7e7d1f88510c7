import type { Command } from 'commander';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { sayEngineNotice } from './say-engine-notice.ts';
import { print, printJson, say } from './terminal/output.ts';

const examples = `
Examples:
  rollcall enqueue ./photos --engine ooto
  psql -At -c "select json_build_object('subjectId', id, 'photo', path)
      from people" | rollcall enqueue - --engine ooto

The run's id is printed to stdout; 'rollcall worker' on the same state and
queue does the work.`;

export function defineEnqueue(command: Command): void {
  command
    .option('--new', 'start another run even if this source has an unfinished one')
    .option('--json', 'print one JSON object instead of the id')
    .addHelpText('after', examples)
    .action(async (source: string, options: { new?: boolean; json?: boolean } & Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall, signal }) => {
        const { enqueue } = await import('../runs/enqueue.ts');
        const { noteOnWorkers } = await import('../runs/other-state.ts');
        sayEngineNotice(rollcall);
        const { runId, resumed, takenOver } = await enqueue(rollcall, source, {
          alwaysNew: options.new ?? false,
          signal,
        });
        if (resumed) say('This source has an unfinished run, which goes on. To start another: --new');
        if (takenOver.length > 0) say(`Taken over: ${takenOver.join(', ')}`);
        const note = await noteOnWorkers(rollcall);
        if (note !== undefined) say(note);
        if (options.json) printJson({ run: runId, resumed });
        else print(runId);
        return 0;
      });
    });
  addSettings(command, 'enqueue');
}
