import { afterEach, expect, test, vi } from 'vitest';
import type { PhotoReader } from '../../src/photos/read-photo.ts';
import { createKeptReaders } from '../../src/runs/report/kept-readers.ts';

afterEach(() => void vi.useRealTimers());

test('a reader is opened once for all who use it, and closed when nobody has for a while', async () => {
  vi.useFakeTimers();
  const events: string[] = [];
  const readers = createKeptReaders(({ id }: { id: string }): PhotoReader => {
    events.push(`open ${id}`);
    return {
      read: async () => ({ problem: 'none', retryable: false }),
      close: async () => void events.push(`close ${id}`),
    };
  });
  const use = (id: string, lastsInMs: number) =>
    readers.use({ id }, () => new Promise<void>((resolve) => setTimeout(resolve, lastsInMs)));
  const long = use('a', 60_000);
  await Promise.all([use('a', 10), use('b', 10), vi.advanceTimersByTimeAsync(30_000)]);
  expect(events).toEqual(['open a', 'open b', 'close b']);
  await Promise.all([long, vi.advanceTimersByTimeAsync(35_000)]);
  await Promise.all([use('a', 10), vi.advanceTimersByTimeAsync(9_000)]);
  expect(events).toEqual(['open a', 'open b', 'close b']);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(events).toEqual(['open a', 'open b', 'close b', 'close a']);
});
