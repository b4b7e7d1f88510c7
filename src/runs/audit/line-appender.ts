import type { StateAppender } from '../../storage/state/state-store.ts';

/** Appends lines side by side: those that come while one write is under way are written together. */
export function createLineAppender({ append }: Pick<StateAppender, 'append'>): {
  /** Resolves when the line is durable. */
  add(line: object): Promise<void>;
} {
  let waiting: string[] = [];
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return {
    add(line) {
      waiting.push(`${JSON.stringify(line)}\n`);
      next ??= last.then(async () => {
        const text = waiting.join('');
        waiting = [];
        next = undefined;
        await append(text);
      });
      last = next;
      return next;
    },
  };
}
