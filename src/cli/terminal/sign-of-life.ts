import { formatDuration } from '../../settings/durations.ts';
import { showInvisible } from '../../util/show-invisible.ts';
import { cut } from '../text/spans.ts';
import type { LiveLines } from './live-lines.ts';

/** Says on a terminal what a command is at, once that takes over a second. Elsewhere it says nothing. */
export interface SignOfLife {
  /** What begins now: `Listing ./photos`. `count`: how far it is, asked for whenever it is shown. */
  doing(what: string, count?: () => string): void;
  /** Until something else begins. */
  end(): void;
}

export const noSignOfLife: SignOfLife = { doing() {}, end() {} };

const silentInMs = 1_000;
const everyInMs = 250;
const frames = ['|', '/', '-', '\\'];

export function createSignOfLife(live: LiveLines): SignOfLife {
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    clearInterval(timer);
    live.clear();
  };
  return {
    doing(what, count) {
      end();
      const startedAt = performance.now();
      let turn = 0;
      timer = setInterval(() => {
        const elapsedInMs = performance.now() - startedAt;
        if (elapsedInMs < silentInMs) return;
        turn += 1;
        const frame = frames[turn % frames.length];
        const far = count === undefined ? '' : `: ${count()}`;
        const text = showInvisible(`${frame} ${what}${far}`);
        const time = `  ${formatDuration(elapsedInMs)}`;
        live.draw((columns) => [[{ text: cut(text, columns - time.length) + time, style: 'gray' }]]);
      }, everyInMs).unref();
    },
    end,
  };
}
