import { describe, expect, it } from 'vitest';
import { createWaitQueue, waitForGrant } from '../../src/account/wait-queue.ts';

describe('those who wait for a call', () => {
  it('are served in turn by run, and within a run in the order in which they came', () => {
    const queue = createWaitQueue<string>();
    for (const item of ['a1', 'a2', 'a3']) queue.add('a', item);
    for (const item of ['b1', 'b2']) queue.add('b', item);
    queue.remove('a', 'a2');
    queue.remove('a', 'nobody');
    queue.remove('c', 'a1');
    expect(queue.size).toBe(4);
    expect([queue.take(), queue.take(), queue.take(), queue.size]).toEqual(['a1', 'b1', 'a3', 1]);
    queue.remove('b', 'b2');
    expect([queue.size, queue.take()]).toEqual([0, undefined]);
    for (const item of ['c1', 'c2']) queue.add(item, item);
    expect(queue.takeAll()).toEqual(['c1', 'c2']);
    expect([queue.size, queue.take(), queue.takeAll()]).toEqual([0, undefined, []]);
  });

  it('leave when they are aborted, and once only', async () => {
    const left: number[] = [];
    const wait = (signal: AbortSignal, answer: 'grant' | 'refuse' | undefined) =>
      waitForGrant<string>({
        signal,
        join: (waiter) => {
          if (answer === 'grant') waiter.grant('granted');
          if (answer === 'refuse') waiter.refuse(new Error('refused'));
        },
        leave: () => void left.push(1),
      });
    const controller = new AbortController();
    expect(await wait(controller.signal, 'grant')).toBe('granted');
    await expect(wait(controller.signal, 'refuse')).rejects.toThrow('refused');
    const waiting = wait(controller.signal, undefined);
    controller.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    expect(left).toEqual([1]);
  });
});
