import type { Routes } from './context.ts';
import { accountRoutes } from './routes/accounts.ts';
import { controlRoutes } from './routes/control.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { eventRoutes } from './routes/events.ts';
import { inboxRoutes } from './routes/inboxes.ts';
import { lineRoutes } from './routes/lines.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { newRunRoutes } from './routes/new-run.ts';
import { pictureRoutes } from './routes/pictures.ts';
import { queueRoutes } from './routes/queues.ts';
import { runRoutes } from './routes/runs.ts';
import { scheduleRoutes } from './routes/schedules.ts';

/** Those below `/api/v1`, in the OpenAPI document. */
export const apiRoutes: readonly Routes[] = [
  runRoutes,
  newRunRoutes,
  lineRoutes,
  controlRoutes,
  accountRoutes,
  scheduleRoutes,
  eventRoutes,
  decisionRoutes,
  pictureRoutes,
  inboxRoutes,
];

/** Those beside it, such as `/metrics`. */
export const otherRoutes: readonly Routes[] = [metricsRoutes, queueRoutes];
