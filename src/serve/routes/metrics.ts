import { metricsContentType, openMetrics } from '../../runs/metrics/metrics.ts';
import { queueOf, type Routes } from '../context.ts';

/** For Prometheus and for KEDA, beside the API: what state and queue say, as a worker's `--health` does. */
export const metricsRoutes: Routes = (context) => async (app) => {
  const metrics = openMetrics({ ...context.rollcall, queue: async () => queueOf(context) });
  app.get('/metrics', async (_request, reply) => reply.type(metricsContentType).send(await metrics.text()));
  app.get('/metrics.json', () => metrics.json());
};
