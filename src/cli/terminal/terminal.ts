import { logText } from '../text/log-text.ts';
import { paint } from '../text/spans.ts';
import { createLiveLines, type LiveLines } from './live-lines.ts';
import { writeThrough } from './output.ts';

/** A terminal that people look at: stderr. */
export interface Terminal {
  readonly live: LiveLines;
  /** Where the log goes: text, above whatever is drawn. */
  readonly log: { write(json: string): void };
}

/** Whatever is written from now on stands above the lines that are drawn. Undefined where stderr is no terminal. */
export function openTerminal({ stderr } = process): Terminal | undefined {
  // A dumb terminal has no cursor to move.
  if (!stderr.isTTY || process.env.TERM === 'dumb') return undefined;
  const live = createLiveLines(stderr);
  writeThrough(live.above);
  return {
    live,
    log: {
      write: (json) => live.above(() => void stderr.write(`${paint(logText(json.trimEnd()), stderr)}\n`)),
    },
  };
}
