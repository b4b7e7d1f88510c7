import type { RunEnd } from '../conductor/conducting.ts';
import { joinRun, type StartedRun } from '../runs/join-run.ts';
import type { CommandContext } from './command-context.ts';
import { showEnd } from './show-end.ts';
import { createProgressDisplay, type ProgressForm } from './terminal/progress.ts';

/** Works on a run until it ends, shows how it goes and, after `beforeEnd`, how it ended; returns the exit code. */
export async function joinAndShow(
  context: CommandContext,
  started: StartedRun,
  {
    json,
    isAside = false,
    form = 'text',
    beforeEnd = async () => {},
  }: { json: boolean; isAside?: boolean; form?: ProgressForm | undefined; beforeEnd?: () => Promise<void> },
): Promise<number> {
  const { rollcall, signal, life, terminal } = context;
  const { id: run, engine, account } = started.record;
  const limiter = await rollcall.limiter(account);
  life.end();
  const { live } = terminal ?? {};
  const display = createProgressDisplay({ run, engine, form, live, readLimiter: limiter.snapshot });
  let end: RunEnd | undefined;
  try {
    end = await joinRun(rollcall, { ...started, signal, onProgress: display.show });
  } finally {
    display.stop(end?.kind === 'over' ? end.summary.state : (end?.kind ?? 'interrupted'));
    life.doing('Closing');
    await beforeEnd();
  }
  return showEnd(context, end, { json, isAside });
}
