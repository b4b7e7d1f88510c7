import { setTimeout as delay } from 'node:timers/promises';
import type { StateStore } from '../../storage/state/state-store.ts';
import type { ListedPhoto, Source } from '../source.ts';
import { damagedList, followList } from './follow-list.ts';

const prefix = 'inbox:';
/** The source of an inbox's runs, as `run.json` has it. */
export const inboxAddress = (inbox: string) => `${prefix}${inbox}`;

/** The inbox that a run is of; undefined: it is of none. */
export const inboxOf = ({ source }: { readonly source: string }): string | undefined =>
  source.startsWith(prefix) ? source.slice(prefix.length) : undefined;

const pollInMs = 50;
const tendEveryInMs = 5_000;

export interface InboxSourceOptions {
  readonly state: StateStore;
  readonly inbox: string;
  readonly run: string;
  /**
   * Called now and then while nothing comes: somebody has to roll the list over, or to say how much of it counts, where
   * the process that took in is gone. `firstAt`: when the list's first photo came.
   */
  readonly tend: (waiting: { firstAt: string | undefined; isStalled: boolean }) => Promise<void>;
}

/** The list of one run of an inbox: it grows until the inbox is rolled over or closed. */
export function createInboxSource({ state, inbox, run, tend }: InboxSourceOptions): Source {
  // On S3 each look is a request.
  const lookEveryInMs = Math.max(pollInMs, state.writeEveryInMs);
  return {
    address: inboxAddress(inbox),
    sameSubject: 'repeat',
    async *list({ after, signal, onPause, onEnd }) {
      const list = followList({ state, inbox, run });
      let { count, ...hint } = readCursor(after);
      let firstAt: string | undefined;
      let tendedAt = performance.now();
      let isPaused = false;
      signal.throwIfAborted();
      for (let place = await list.begin(count, hint); ; ) {
        const { entries, place: next, isStalled } = await list.look(place, count);
        for (const { entry, offset } of entries) {
          if ('ends' in entry) {
            if (entry.count !== count) throw damagedList(state, inbox, run, count + 1);
            onEnd?.({ gaps: 0 });
            return;
          }
          for (const [index, { key: _, body: __, ...photo }] of entry.photos.entries()) {
            const seq = entry.from + index;
            if (seq <= count) continue;
            if (seq > count + 1) throw damagedList(state, inbox, run, count + 1);
            count = seq;
            signal.throwIfAborted();
            const cursor = cursorOf({ count, session: place?.session.name ?? '', offset });
            yield { ...photo, row: seq, cursor };
          }
        }
        const isWaiting = entries.length === 0 && next === place;
        place = next;
        if (!isWaiting) {
          isPaused = false;
          continue;
        }
        if (!isPaused) onPause?.();
        isPaused = true;
        if (performance.now() - tendedAt > tendEveryInMs) {
          firstAt ??= place && (await list.readFirstAt(place));
          await tend({ firstAt, isStalled });
          tendedAt = performance.now();
        }
        await delay(lookEveryInMs, undefined, { signal });
      }
    },
  };
}

/** Where a photo stands: its number, and the session and byte at which its line begins. */
interface Cursor {
  readonly count: number;
  readonly session: string;
  readonly offset: number;
}

const cursorOf = ({ count, session, offset }: Cursor) => `${count}:${session}:${offset}`;

function readCursor(after: ListedPhoto | undefined): Cursor {
  const [count = 0, session = '', offset = 0] = after?.cursor?.split(':') ?? [];
  return { count: Number(count), session, offset: Number(offset) };
}
