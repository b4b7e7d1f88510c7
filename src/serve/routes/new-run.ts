import { z } from 'zod';
import { parseSettings } from '../../engines/settings.ts';
import { isOver, readRunRecord } from '../../records/run-record.ts';
import { enqueue } from '../../runs/enqueue.ts';
import { runParams, runViewSchema } from '../api/runs.ts';
import { queueOf, type Routes } from '../context.ts';
import { findRun } from '../find-run.ts';
import { ProblemError } from '../problem.ts';
import { allowedPlaces, allowedSource } from '../security/allowed-places.ts';

/**
 * What a client may say of a run. Engine, addresses, credentials, transport, files of this machine, whatever begins with
 * `allow-` and what a report says of people come from the server alone; a setting that is new does, too.
 */
const allowedSettings: readonly string[] = [
  ...['rate', 'maxCalls', 'maxAttempts', 'backoff', 'stopAfterFailures', 'canary', 'canaryAccept'],
  ...['limit', 'repeat', 'incremental', 'report', 'redrive'],
  ...['idFrom', 'include', 'exclude', 'includeLeftOut', 'keepIds'],
  ...['checkLiveness', 'checkDeepfake', 'checkQuality', 'checkAttribute', 'require'],
  ...['validateQuality', 'validateAttribute', 'validateLiveness', 'validateNface'],
  ...['dedupe', 'dedupeParallel', 'undoable', 'verify', 'threshold', 'preflight', 'prepare', 'stripMetadata'],
];

const newRunSchema = z.strictObject({
  /** A folder, `file.csv`, `file.jsonl` (absolute paths) or `s3://…`. */
  source: z.string().min(1).max(4_096),
  settings: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
    .default({}),
  /** Names the run; asked for again it is the same. */
  id: runParams.shape.id.optional(),
});

export const newRunRoutes: Routes = (context) => async (app) => {
  const { rollcall, views, signal } = context;
  app.post(
    '/runs',
    {
      schema: {
        summary: 'Start a run of a source, for workers to do; one that is not over goes on',
        body: newRunSchema,
        response: { 201: runViewSchema },
      },
    },
    async ({ body: { source, settings, id } }, reply) => {
      const refused = Object.keys(settings).filter((key) => !allowedSettings.includes(key));
      if (refused.length > 0)
        throw new ProblemError(403, 'setting-not-allowed', `Only the server sets ${refused.join(', ')}.`);
      const { allowRoot, allowBucket } = rollcall.settings;
      const places = { allowRoot, allowBucket, folder: rollcall.folder };
      const allowed = await allowedSource(source, places);
      queueOf(context);
      if (id !== undefined) await assertNotOver(id);
      const { runId: _, ...given } = rollcall.given;
      const texts = Object.entries(settings).map(([key, value]) => [key, String(value)]);
      const wanted = { ...given, ...Object.fromEntries(texts), ...(id !== undefined && { runId: id }) };
      const tools = { ...rollcall, given: wanted, settings: parseSettings(wanted) };
      const { runId } = await enqueue(tools, allowed, {
        signal,
        allowedPlaces: await allowedPlaces(places),
      });
      return reply.code(201).send(await views.view(await findRun(context, runId)));
    },
  );

  async function assertNotOver(id: string): Promise<void> {
    const found = await readRunRecord(rollcall.state, id);
    if (found && isOver(found))
      throw new ProblemError(409, 'run-over', `Run ${id} is ${found.state} already.`);
  }
};
