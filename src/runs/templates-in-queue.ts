import type { QueueBackend } from '../queue/queue.ts';
import { photoJobDataSchema } from '../records/photo-job-data.ts';
import { outcomeSchema } from '../records/report-line.ts';
import type { NamedTemplate } from './known-templates.ts';

/** More than a run has in its queue at a time. */
const finishedLimit = 10_000;

/**
 * Templates that the queue of a run knows of and no report does yet: of photos that were enrolled and whose line is not
 * written, or that are still to be found again.
 */
export async function templatesInQueue(
  backend: Pick<QueueBackend, 'openRunQueue'>,
  runId: string,
): Promise<NamedTemplate[]> {
  const queue = backend.openRunQueue(runId);
  try {
    const found: NamedTemplate[] = [];
    const note = (data: unknown, outcome: unknown) => {
      const job = photoJobDataSchema.safeParse(data);
      if (!job.success) return;
      const { subjectId, tries } = job.data;
      const end = outcomeSchema.safeParse(outcome);
      for (const templateId of [tries.enrolled?.templateId, end.data?.templateId])
        if (templateId !== undefined) found.push({ subjectId, templateId });
    };
    for (const { data } of (await queue.find([...(await queue.ids())])).values()) note(data, undefined);
    for (const { data, returnValue } of await queue.finished(finishedLimit)) note(data, returnValue);
    return found;
  } finally {
    await queue.close();
  }
}
