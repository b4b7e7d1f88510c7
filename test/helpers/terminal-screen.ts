import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import xterm from '@xterm/headless';

/** What a terminal of people shows of all that was written to it. */
export interface TerminalScreen {
  write(data: string | Uint8Array): void;
  /** `reflows: false`, as `openScreen` was told: lines are cut instead of wrapped anew. */
  resize(columns: number): Promise<void>;
  /** All rows, also those that were scrolled away, without blanks at their ends and without empty rows at the end. */
  rows(): Promise<string[]>;
  /** The same with the rows of one line joined. */
  lines(): Promise<string[]>;
  /** Whether the cursor is to be seen. */
  showsCursor(): boolean;
}

export function openScreen({
  columns,
  rows = 24,
  reflows = true,
}: {
  columns: number;
  rows?: number;
  reflows?: boolean;
}): TerminalScreen {
  const terminal = new xterm.Terminal({
    ...{ cols: columns, rows, allowProposedApi: true },
    // The one way to have xterm.js cut lines as older terminals do.
    ...(!reflows && { windowsPty: { backend: 'conpty' as const, buildNumber: 18_000 } }),
  });
  let cursorIsShown = true;
  const written = () => new Promise<void>((resolve) => terminal.write('', resolve));
  const bufferRows = () => {
    const { active } = terminal.buffer;
    return Array.from({ length: active.length }, (_, index) => {
      const row = active.getLine(index);
      return {
        text: row?.translateToString(false, 0, terminal.cols) ?? '',
        isWrapped: row?.isWrapped ?? false,
      };
    });
  };
  return {
    write(data) {
      const text = Buffer.from(data).toString('latin1');
      const [shown, hidden] = [text.lastIndexOf('\u001b[?25h'), text.lastIndexOf('\u001b[?25l')];
      if (shown !== hidden) cursorIsShown = shown > hidden;
      terminal.write(data);
    },
    async resize(to) {
      await written();
      terminal.resize(to, rows);
    },
    async rows() {
      await written();
      return withoutEnd(bufferRows().map(({ text }) => text.trimEnd()));
    },
    async lines() {
      await written();
      const lines: string[] = [];
      for (const { text, isWrapped } of bufferRows()) lines.push(isWrapped ? `${lines.pop()}${text}` : text);
      return withoutEnd(lines.map((line) => line.trimEnd()));
    },
    showsCursor: () => cursorIsShown,
  };
}

/** A stream of this process's that draws on such a screen. */
export function screenStream(screen: TerminalScreen, columns: number) {
  const stream = Object.assign(new EventEmitter(), {
    ...{ isTTY: true, columns, getColorDepth: () => 1 },
    write: (text: string) => {
      screen.write(text.replaceAll(/(?<!\r)\n/g, '\r\n'));
      return true;
    },
  });
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    async resize(to: number) {
      await screen.resize(to);
      stream.columns = to;
      stream.emit('resize');
      await delay(0);
    },
  };
}

const withoutEnd = (texts: readonly string[]) =>
  texts.slice(0, texts.findLastIndex((text) => text !== '') + 1);
