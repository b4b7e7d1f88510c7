import type { Routes } from './context.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { runRoutes } from './routes/runs.ts';

/** Those below `/api/v1`, in the OpenAPI document. */
export const apiRoutes: readonly Routes[] = [runRoutes];

/** Those beside it, such as `/metrics`. */
export const otherRoutes: readonly Routes[] = [metricsRoutes];
