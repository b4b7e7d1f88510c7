import { once } from 'node:events';
import { showInvisible } from '../util/show-invisible.ts';

/**
 * Results go to stdout, everything else to stderr. What people read is given as lines: whatever names, ids, addresses or
 * an engine's words bring along, a line stays one line and nothing of it is obeyed by a terminal. JSON and CSV are for
 * programs and stay as they are.
 */
type Lines = string | readonly string[];

export const print = (lines: Lines) => void process.stdout.write(toText(lines));
export const say = (lines: Lines) => void process.stderr.write(toText(lines));

/** A row of a table, its fields kept apart by tabs. */
export const printRow = (fields: readonly (string | number)[]): Promise<void> =>
  write(`${fields.map((field) => showInvisible(String(field))).join('\t')}\n`);

export const printJson = (value: unknown): Promise<void> => write(`${JSON.stringify(value)}\n`);

/** For programs: as it is, no quicker than it is read. */
export async function write(data: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(data)) await once(process.stdout, 'drain');
}

export const clearScreen = () => void process.stdout.write('\u001b[H\u001b[2J');

function toText(lines: Lines): string {
  const all = typeof lines === 'string' ? [lines] : lines;
  return all.map((line) => `${showInvisible(line)}\n`).join('');
}

// Whoever reads the output may stop reading (`| head`): that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});
