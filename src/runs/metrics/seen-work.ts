import type { CallEnd } from '../../account/call-watch.ts';
import type { Status } from '../../records/report/report-line.ts';
import type { WorkWatch } from '../../worker/work-watch.ts';
import { codeLabel } from './code-label.ts';

/** What a process did since it last said so: a further one of a worker tells the one that started it. */
export interface SeenWork {
  readonly photos: readonly { readonly status: Status; readonly code: string }[];
  readonly calls: readonly { readonly kind: CallEnd; readonly seconds: number }[];
  /** Calls in flight now. */
  readonly inFlight: number;
}

const tellEveryInMs = 1_000;

/** Notes what this process does and tells it once a second. */
export function noteSeenWork(tell: (seen: SeenWork) => void): { watch: WorkWatch; close(): void } {
  let photos: SeenWork['photos'][number][] = [];
  let calls: SeenWork['calls'][number][] = [];
  let inFlight = 0;
  let told = 0;

  function tellNow(): void {
    if (photos.length === 0 && calls.length === 0 && inFlight === told) return;
    tell({ photos, calls, inFlight });
    told = inFlight;
    photos = [];
    calls = [];
  }

  const timer = setInterval(tellNow, tellEveryInMs);
  return {
    watch: {
      begin() {
        const begunAt = performance.now();
        inFlight += 1;
        return (kind) => {
          inFlight -= 1;
          if (kind !== undefined) calls.push({ kind, seconds: (performance.now() - begunAt) / 1000 });
        };
      },
      finished(outcome, engine) {
        photos.push({ status: outcome.status, code: codeLabel(outcome, engine) });
      },
    },
    close() {
      clearInterval(timer);
      tellNow();
    },
  };
}
