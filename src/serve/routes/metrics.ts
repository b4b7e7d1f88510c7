import { metricsContentType, openMetrics } from '../../runs/metrics/metrics.ts';
import { FaultError } from '../../util/errors.ts';
import type { Routes } from '../context.ts';

/** For Prometheus and for KEDA, beside the API: what state and queue say, as a worker's `--health` does. */
export const metricsRoutes: Routes =
  ({ rollcall, openQueue }) =>
  async (app) => {
    const metrics = openMetrics({
      ...rollcall,
      async queue() {
        const queue = openQueue();
        if (!queue) throw new FaultError('queue', 'The queue is not open.');
        return queue;
      },
    });
    app.get('/metrics', async (_request, reply) => reply.type(metricsContentType).send(await metrics.text()));
    app.get('/metrics.json', () => metrics.json());
  };
