import { openRollcall, type Rollcall } from '../open-rollcall.ts';
import { givenSettings } from './flags.ts';

/** What a command is given: the opened rollcall, a signal that asks to drain, and where to write. */
export interface CommandContext {
  readonly rollcall: Rollcall;
  /** Aborted by the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** 130 or 143, once interrupted. */
  readonly interruptExitCode: () => number;
}

/** Results go to stdout, everything else to stderr. */
export const print = (text: string) => void process.stdout.write(`${text}\n`);
export const say = (text: string) => void process.stderr.write(`${text}\n`);

// Whoever reads the output may stop reading (`| head`): that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

/** Opens rollcall for a command, and closes it whatever happens. The command returns its exit code. */
export async function withRollcall(
  options: Record<string, unknown>,
  command: (context: CommandContext) => Promise<number>,
): Promise<void> {
  const interrupt = catchSignals();
  try {
    const rollcall = await openRollcall({ settings: givenSettings(options) });
    try {
      process.exitCode = await command({ rollcall, ...interrupt });
    } finally {
      await rollcall.close();
    }
  } finally {
    interrupt.release();
  }
}

function catchSignals(): Omit<CommandContext, 'rollcall'> & { release: () => void } {
  const controller = new AbortController();
  let exitCode = 130;
  const on = (code: number) => () => {
    if (controller.signal.aborted) process.exit(code);
    exitCode = code;
    say('Draining: calls in flight are finished. Interrupt again to stop at once.');
    controller.abort(new Error('interrupted'));
  };
  const handlers = { SIGINT: on(130), SIGTERM: on(143) } as const;
  for (const [name, handler] of Object.entries(handlers)) process.on(name, handler);
  return {
    signal: controller.signal,
    interruptExitCode: () => exitCode,
    release() {
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
    },
  };
}
