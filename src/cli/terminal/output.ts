import { once } from 'node:events';
import { showInvisible } from '../../util/show-invisible.ts';

/**
 * Results go to stdout, everything else to stderr. What people read is given as lines: whatever names, ids, addresses or
 * an engine's words bring along, a line stays one line and nothing of it is obeyed by a terminal. JSON and CSV are for
 * programs and stay as they are, but on a terminal.
 */
type Lines = string | readonly string[];

export const print = (lines: Lines) => void onto(process.stdout, toText(lines));
export const say = (lines: Lines) => void onto(process.stderr, toText(lines));

/** Of the terminal that stdout is; undefined where it is none. */
export const terminalColumns = () => (process.stdout.isTTY ? process.stdout.columns : undefined);

const isTerminal = process.stdout.isTTY;
let isUnread = false;
let endsUnread = false;

let through = <Result>(write: () => Result): Result => write();

/** From now on what goes to a terminal is written by a call of `how`, which clears the way for it. */
export function writeThrough(how: typeof through): void {
  through = how;
}

function onto(stream: NodeJS.WriteStream, data: string): boolean {
  if (stream === process.stdout && isUnread) return true;
  return stream.isTTY ? through(() => stream.write(harmless(data))) : stream.write(data);
}

/** Also what is for programs, where a person has it printed on a terminal: nothing of it is obeyed there. */
const harmless = (data: string) =>
  data
    .split(/([\n\t])/u)
    .map((text, index) => (index % 2 === 0 ? showInvisible(text) : text))
    .join('');

/** A row of a table, its fields kept apart by tabs. */
export const printRow = (fields: readonly (string | number)[]): Promise<void> =>
  write(`${fields.map((field) => showInvisible(String(field))).join('\t')}\n`);

export const printJson = (value: unknown): Promise<void> => write(`${JSON.stringify(value)}\n`);

export const sayJson = (value: unknown) => void onto(process.stderr, `${JSON.stringify(value)}\n`);

/** For programs: as it is, no quicker than it is read. On a terminal only lines and tabs are obeyed. */
export async function write(data: string): Promise<void> {
  if (isUnread || onto(process.stdout, data)) return;
  await once(process.stdout, 'drain').catch((error) => {
    if (!isUnread) throw error;
  });
}

/** Lines whose colours a terminal is to obey; everything else in them was made harmless before. */
export const writePainted = (text: string) =>
  void (process.stdout.isTTY ? through(() => process.stdout.write(text)) : process.stdout.write(text));

export const clearScreen = () => void process.stdout.write('\u001b[H\u001b[2J');

function toText(lines: Lines): string {
  const all = typeof lines === 'string' ? [lines] : lines;
  return all.map((line) => `${showInvisible(line)}\n`).join('');
}

/** Of a command that only shows: it ends as soon as nobody reads it any more (`| head`), which is no fault. */
export function endWhenUnread(): void {
  endsUnread = true;
}

// Whoever reads the output may stop reading. A command that does something does it to its end all the same, and its exit
// code says how it ended.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' && endsUnread) process.exit();
  isUnread = true;
  // EIO: the terminal is gone.
  if (error.code === 'EPIPE' || (error.code === 'EIO' && isTerminal)) return;
  say(`rollcall: what is printed cannot be written (${error.code}): it is not whole.`);
  process.exit(4);
});
process.stderr.on('error', () => {});
