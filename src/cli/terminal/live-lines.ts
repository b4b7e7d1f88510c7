import { paint, type Span, widthOf } from '../text/spans.ts';

/** Lines at the bottom of a terminal that are drawn again and again, while others are written above them. */
export interface LiveLines {
  /** Draws what `lines` gives for the terminal's width, now and whenever that changes. */
  draw(lines: (columns: number) => readonly Span[][]): void;
  /** Takes the lines away while something is written. */
  above<Result>(write: () => Result): Result;
  clear(): void;
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const clearToLineEnd = '\u001b[K';
const clearToScreenEnd = '\u001b[J';
/** Of a terminal that does not say how wide it is. */
const defaultColumns = 80;

/**
 * Lines on a terminal. Between two drawings the cursor waits at the start of the last line: a terminal that becomes
 * narrower wraps the lines before it, so that their rows can be counted, and keeps the cursor where it was in the text.
 */
export function createLiveLines(stream: NodeJS.WriteStream, environment = process.env): LiveLines {
  const wraps = wrapsAgain(environment);
  let drawnBefore: number[] = [];
  let isDrawn = false;
  let render: ((columns: number) => readonly Span[][]) | undefined;

  // The last column stays free: a terminal that is full there wraps or not, as it likes.
  const columns = () => (stream.columns || defaultColumns) - 1;

  /** To the start of the first line, whatever the terminal's width is by now. */
  function home(): string {
    const rows = drawnBefore.map((width) => (wraps ? Math.max(1, Math.ceil(width / (columns() + 1))) : 1));
    const up = rows.reduce((sum, count) => sum + count, 0);
    return `\r${up > 0 ? `\u001b[${up}A` : ''}`;
  }

  function redraw(): void {
    if (!render) return;
    const lines = render(columns());
    const texts = lines.map((spans) => `${paint(spans, stream)}${clearToLineEnd}`);
    stream.write(`${isDrawn ? home() : hideCursor}${texts.join('\r\n')}${clearToScreenEnd}\r`);
    drawnBefore = lines.slice(0, -1).map((spans) => widthOf(spans.map(({ text }) => text).join('')));
    isDrawn = true;
  }

  function erase(): void {
    if (isDrawn) stream.write(`${home()}${clearToScreenEnd}`);
    [isDrawn, drawnBefore] = [false, []];
  }

  function clear(): void {
    if (!render) return;
    erase();
    stream.write(showCursor);
    render = undefined;
    stream.off('resize', redraw);
    process.off('exit', clear);
  }

  return {
    draw(lines) {
      if (!render) {
        stream.on('resize', redraw);
        process.on('exit', clear);
      }
      render = lines;
      redraw();
    },
    above(write) {
      if (!render) return write();
      erase();
      try {
        return write();
      } finally {
        redraw();
      }
    },
    clear,
  };
}

/** Almost every terminal wraps what stands on it again when its width changes; these three cut it off. */
const wrapsAgain = ({ XTERM_VERSION, STY, TERM }: NodeJS.ProcessEnv) =>
  XTERM_VERSION === undefined && STY === undefined && TERM !== 'linux';
