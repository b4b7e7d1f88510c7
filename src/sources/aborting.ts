import { addAbortSignal, type Readable } from 'node:stream';

/** Ends a listing that waits for its stream when the signal aborts, with the signal's reason. */
export async function* aborting<Item>(
  items: AsyncIterable<Item>,
  { signal, stream }: { signal: AbortSignal; stream: Readable },
): AsyncGenerator<Item> {
  addAbortSignal(signal, stream);
  try {
    for await (const item of items) {
      signal.throwIfAborted();
      yield item;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    stream.destroy();
  }
}
