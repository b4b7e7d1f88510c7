import { once } from 'node:events';
import type { Command } from 'commander';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { print } from './terminal/output.ts';

const examples = `
Examples:
  rollcall serve
      prints the address of the page; on a terminal with its token
  rollcall serve --read-only --host 0.0.0.0 --token-file ./token
  curl -H "Authorization: Bearer $(cat rollcall-data/serve-token)" \\
      http://127.0.0.1:8788/api/v1/runs`;

export function defineServe(command: Command): void {
  command.addHelpText('after', examples).action((options: Record<string, unknown>) =>
    withRollcall(
      options,
      async ({ rollcall, signal, interruptExitCode, life }) => {
        const { startServer } = await import('../serve/serve.ts');
        const server = await startServer(rollcall);
        try {
          life.end();
          print(whereItIs(server));
          if (!signal.aborted) await once(signal, 'abort');
        } finally {
          await server.close();
        }
        return interruptExitCode();
      },
      { drains: false, isService: true },
    ),
  );
  addSettings(command, 'serve');
}

/** Elsewhere than on a terminal it may be a log, which many read: there the token is not said. */
function whereItIs({
  address,
  token,
}: {
  address: string;
  token: { text: string; place: string };
}): string[] {
  return process.stdout.isTTY
    ? [`${address}/#token=${encodeURIComponent(token.text)}`]
    : [address, `Its token is in ${token.place}`];
}
