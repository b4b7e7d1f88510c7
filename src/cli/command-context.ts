import { isatty } from 'node:tty';
import type { GivenSettings } from '../engines/settings.ts';
import type { Rollcall } from '../runs/open-rollcall.ts';
import { formatDuration } from '../settings/durations.ts';
import { givenSettings } from './flags.ts';
import { say } from './terminal/output.ts';
import { createSignOfLife, noSignOfLife, type SignOfLife } from './terminal/sign-of-life.ts';
import { openTerminal, type Terminal } from './terminal/terminal.ts';

/** What a command is given: the opened rollcall and a signal that asks to drain. */
export interface CommandContext {
  readonly rollcall: Rollcall;
  /** The settings that were given as its words. */
  readonly flags: GivenSettings;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** 130, 143 or 129, once interrupted; 0 of a service that was terminated and drained. */
  readonly interruptExitCode: () => number;
  /** What people see of a command that takes its time. */
  readonly life: SignOfLife;
  /** Undefined where stderr is none. */
  readonly terminal: Terminal | undefined;
}

/**
 * Opens rollcall for a command, and closes it whatever happens. The command returns its exit code. `drains`: whether it
 * has something to finish when it is interrupted; `isService`: it runs until it is terminated, so that this is no failure;
 * `rateIsCeiling`: as in `openRollcall`.
 */
export async function withRollcall(
  options: Record<string, unknown>,
  command: (context: CommandContext) => Promise<number>,
  { drains = true, isService = false, rateIsCeiling = true } = {},
): Promise<void> {
  const interrupt = catchSignals({ drains, isService });
  const terminal = openTerminal();
  const life = terminal ? createSignOfLife(terminal.live) : noSignOfLife;
  try {
    life.doing('Working');
    const { openRollcall } = await import('../runs/open-rollcall.ts');
    const flags = givenSettings(options);
    const rollcall = await openRollcall({
      settings: flags,
      signal: interrupt.signal,
      logTo: terminal?.log,
      onLogFault: say,
      rateIsCeiling,
    });
    interrupt.leaveWithin(rollcall.settings.grace);
    try {
      process.exitCode = await command({ rollcall, flags, ...interrupt, life, terminal });
    } finally {
      life.doing('Closing');
      await rollcall.close();
    }
  } catch (error) {
    // What it waited for when it was interrupted; nothing had begun that drains.
    if (!interrupt.signal.aborted || error !== interrupt.signal.reason) throw error;
    process.exitCode = interrupt.interruptExitCode();
  } finally {
    life.end();
    interrupt.release();
  }
}

/** For what has to be done once the grace period is over: photos go back to the queue, the lease is released. */
export const farewellInMs = 1_700;

interface Interrupt extends Pick<CommandContext, 'signal' | 'interruptExitCode'> {
  /** The grace period, once it is known: whatever hangs, the process ends soon after it. */
  leaveWithin(graceInMs: number): void;
  release(): void;
}

const hasTerminal = () => [0, 1, 2].some((stream) => isatty(stream));

function catchSignals({ drains, isService }: { drains: boolean; isService: boolean }): Interrupt {
  const controller = new AbortController();
  let exitCode = 130;
  let graceInMs = 0;
  const on = (code: number, whenDrained: number) => () => {
    if (controller.signal.aborted) process.exit(code);
    exitCode = whenDrained;
    const patience = formatDuration(graceInMs);
    if (drains)
      say(`Draining: calls in flight may take ${patience} more (--grace). Interrupt again to stop at once.`);
    // What was aborted then did not drain.
    setTimeout(() => {
      exitCode = code;
    }, graceInMs).unref();
    setTimeout(() => {
      say('Stopped before everything was finished. Nothing is lost: unfinished photos are done again.');
      process.exit(code);
    }, graceInMs + farewellInMs).unref();
    controller.abort(new Error('interrupted'));
  };
  const drainAtHangUp = on(129, 129);
  /** Node.js ends with SIGABRT where its terminal is gone, so the signal itself has to end it: 129 to a shell. */
  const hangUp = () => {
    process.once('exit', () => {
      process.removeAllListeners('SIGHUP');
      process.kill(process.pid, 'SIGHUP');
    });
    drainAtHangUp();
  };
  const handlers = {
    SIGINT: on(130, 130),
    SIGTERM: on(143, isService ? 0 : 143),
    // Node.js has undone what `nohup` asked for; who has no terminal, as it has none then, does not lose it.
    SIGHUP: hasTerminal() ? hangUp : () => {},
  } as const;
  for (const [name, handler] of Object.entries(handlers)) process.on(name, handler);
  return {
    signal: controller.signal,
    interruptExitCode: () => exitCode,
    leaveWithin(given) {
      graceInMs = given;
    },
    release() {
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
    },
  };
}
