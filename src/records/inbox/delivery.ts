import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { parseAs } from '../../util/json-text.ts';
import { fileNameOf } from '../../util/process-name.ts';
import { runFolderOf } from '../run-record.ts';

/**
 * A line of `runs/<id>/webhooks/<writer>-<n>.jsonl`: one try to tell the inbox's webhook of an outcome. A process has a file
 * for each time that it took over sending, so that no two write into one. It holds numbers of photos, and nobody's name.
 */
export const deliverySchema = z.object({
  schema: z.literal('rollcall.delivery/1'),
  /** ISO time at which the try ended. */
  at: z.string(),
  /** Of the photo, as in the report. */
  seq: z.number().int().positive(),
  /** The header `webhook-id`: the same for every try. */
  webhookId: z.string(),
  /** Tries so far, this one among them. */
  attempt: z.number().int(),
  /**
   * `delivered`: answered 2xx. `failed`: it is tried again. `given-up`: it failed, and is not tried any more. `withheld`: not
   * sent, since the person was forgotten meanwhile.
   */
  result: z.enum(['delivered', 'failed', 'given-up', 'withheld']),
  /** Absent: there was no answer. */
  httpStatus: z.number().optional(),
  reason: z.string().optional(),
});
export type Delivery = z.infer<typeof deliverySchema>;

const deliveriesFolder = (runId: string) => `${runFolderOf(runId)}/webhooks`;

/** `writer`: the name of a process. */
export const deliveriesPath = (runId: string, { writer, epoch }: { writer: string; epoch: number }) =>
  `${deliveriesFolder(runId)}/${fileNameOf(writer)}-${epoch}.jsonl`;

/** All tries of a run, file by file; damaged lines are passed over: what they tell of is sent again. */
export async function* readDeliveries(state: StateStore, runId: string): AsyncGenerator<Delivery> {
  for (const { name } of await state.list(deliveriesFolder(runId)))
    for await (const lines of state.readLines(`${deliveriesFolder(runId)}/${name}`))
      for (const { text } of lines) {
        const delivery = parseAs(deliverySchema, text);
        if (delivery) yield delivery;
      }
}
