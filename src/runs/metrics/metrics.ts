import { Registry } from 'prom-client';
import { FaultError } from '../../util/errors.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { openWorkReader } from './read-work.ts';
import { gaugesText, photosLeft } from './work-gauges.ts';

/** For whoever scales workers by the length of the queue. */
export interface WorkLeft {
  /** Listed and without a line, over all active runs that the state shows. */
  readonly photosLeft: number;
  /** Active runs that the state shows. */
  readonly runs: number;
  /** Processes on this queue that work with this state. */
  readonly workers: number;
}

/** What `GET /metrics` and `GET /metrics.json` answer: read on request, in a time that is bounded. */
export interface Metrics {
  /** In the text format of Prometheus; of a store that does not answer, nothing is said. */
  text(): Promise<string>;
  /** @throws FaultError where the queue or the state does not answer: nobody is to scale by half of the truth */
  json(): Promise<WorkLeft>;
}

export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

/** `counters`: what this process did itself, where it works. */
export function openMetrics(
  rollcall: Pick<Rollcall, 'state' | 'queue' | 'calledAccountOf'>,
  counters?: { text(): Promise<string> },
): Metrics {
  const read = openWorkReader(rollcall);
  return {
    async text() {
      const gauges = await gaugesText(await read());
      return gauges + ((await counters?.text()) ?? '');
    },
    async json() {
      const { runs, queue } = await read();
      if (!runs || !queue) throw new FaultError('away', 'the queue or the state does not answer');
      const active = runs.filter(({ state }) => state === 'active').length;
      return { photosLeft: photosLeft(runs), runs: active, workers: queue.workers };
    },
  };
}
