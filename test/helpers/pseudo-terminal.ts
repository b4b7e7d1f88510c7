import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { builtProgram } from './command-line.ts';
import { openScreen } from './terminal-screen.ts';

/** A command in a terminal of its own, as people have it. Needs Python 3, whose library has pseudo-terminals. */
export interface CommandInTerminal {
  /** What the terminal shows by now. */
  lines(): Promise<string[]>;
  resize(columns: number): void;
  /** Closes the terminal, which ends a command that does not end by itself. */
  close(): Promise<void>;
  /** Its exit code. */
  readonly ended: Promise<number>;
}

const script = fileURLToPath(new URL('pseudo-terminal.py', import.meta.url));

/** @throws where there is no python3: `apt install python3` */
export async function startInTerminal(
  args: readonly string[],
  {
    folder,
    environment,
    columns,
  }: { folder: string; environment: Readonly<Record<string, string | undefined>>; columns: number },
): Promise<CommandInTerminal> {
  const screen = openScreen({ columns });
  const program = [process.execPath, await builtProgram(), ...args];
  const { PATH, HOME } = process.env;
  const child = execa('python3', [script, String(columns), ...program], {
    cwd: folder,
    env: { PATH, HOME, TERM: 'xterm-256color', ...environment },
    ...{ extendEnv: false, reject: false, cleanup: true, buffer: false },
  });
  let exitCode = -1;
  // One after the other: what was written before a change of width is shown before it.
  const shown = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const told = JSON.parse(line) as { data?: string; columns?: number; exitCode?: number };
      if (told.data !== undefined) screen.write(Buffer.from(told.data, 'base64'));
      if (told.columns !== undefined) await screen.resize(told.columns);
      exitCode = told.exitCode ?? exitCode;
    }
  })();
  return {
    lines: screen.lines,
    resize: (to) => void child.stdin.write(`${to}\n`),
    close: async () => {
      child.stdin.end();
      await child;
    },
    ended: Promise.all([shown, child]).then(([, { failed, message }]) => {
      if (failed) throw new Error(`python3: ${message}`);
      return exitCode;
    }),
  };
}
