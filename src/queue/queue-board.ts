import { type BullmqQueue, openBullmqQueue } from './bullmq-queues.ts';
import { deadLetterQueueName, runQueueName } from './bullmq-settings.ts';
import type { BullmqContext } from './bullmq-store.ts';
import type { QueueBoard } from './queue.ts';

export function openQueueBoard(context: BullmqContext): QueueBoard {
  const opened = new Map<string, BullmqQueue>();
  context.closers.add(async () => {
    await Promise.all([...opened.values()].map((queue) => queue.close()));
  });
  return {
    queuesOf(runIds) {
      const names = new Set([...runIds.map(runQueueName), deadLetterQueueName]);
      for (const [name, queue] of opened) {
        if (names.has(name)) continue;
        opened.delete(name);
        queue.close().catch(context.onError);
      }
      for (const name of names) if (!opened.has(name)) opened.set(name, openBullmqQueue(context, { name }));
      return [...opened.values()];
    },
  };
}
