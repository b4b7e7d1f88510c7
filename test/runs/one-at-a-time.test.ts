import { expect, it, onTestFinished, vi } from 'vitest';
import { oneAtATime } from '../../src/runs/one-at-a-time.ts';
import { createMemoryLeases } from '../account/memory-leases.ts';
import { until } from '../helpers/until.ts';

it('two over the same source follow one another, however long the first takes', {
  timeout: 60_000,
}, async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  let asked = 0;
  const leases = createMemoryLeases((step) => {
    if (step === 'acquire') asked += 1;
  });
  const subject = { source: { address: '/archive' }, account: 'account' };
  const { signal } = new AbortController();
  const events: string[] = [];
  let end = () => {};
  const one = oneAtATime(leases, subject, signal, async () => {
    events.push('one begins');
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    events.push('one ends');
  });
  await until(() => events.length === 1);
  const other = oneAtATime(leases, subject, signal, async () => void events.push('other begins'));
  await vi.advanceTimersByTimeAsync(60_000);
  const before = asked;
  await until(() => asked > before + 1 || events.length > 1);
  expect(events).toEqual(['one begins']);
  end();
  await Promise.all([one, other]);
  expect(events).toEqual(['one begins', 'one ends', 'other begins']);
});
