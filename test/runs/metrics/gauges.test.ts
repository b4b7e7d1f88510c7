import { describe, expect, it } from 'vitest';
import { codeLabel } from '../../../src/runs/metrics/code-label.ts';
import { openMetrics } from '../../../src/runs/metrics/metrics.ts';
import type { AccountReading } from '../../../src/runs/metrics/read-work.ts';
import { gaugesText } from '../../../src/runs/metrics/work-gauges.ts';
import { aRun } from './a-run.ts';

const up: AccountReading = { rateLimit: 10, isUp: true, pausedFor: undefined };

describe('gauges', () => {
  it('count photos of active runs only, and name the runs that are open and the newest ten', async () => {
    const counts = { listed: 10, done: 4, deadLetters: 0, calls: 4 };
    const over = Array.from({ length: 30 }, (_, place) => aRun({ id: `over-${place}`, state: 'finished' }));
    const runs = [
      aRun({ id: 'new', state: 'active', counts }),
      ...over,
      aRun({ id: 'old', state: 'paused', counts }),
    ];
    const text = await gaugesText({ runs, queue: { workers: 2, accounts: [up, { ...up, isUp: false }] } });
    expect(text).toContain('rollcall_photos_left 6\n');
    expect(text).toContain('rollcall_run_info{run="new",state="active",engine="ooto"} 1\n');
    expect(text).toContain('rollcall_run_info{run="old",state="paused",engine="ooto"} 1\n');
    expect(text.match(/^rollcall_run_info\{/gm)).toHaveLength(11);
    expect(text).toContain('rollcall_rate_limit 20\n');
    expect(text).toContain('rollcall_engine_up 0\n');
  });

  it('however many runs are open, name a hundred', async () => {
    const runs = Array.from({ length: 300 }, (_, place) => aRun({ id: `run-${place}`, state: 'paused' }));
    const text = await gaugesText({ runs, queue: undefined });
    expect(text.match(/^rollcall_run_info\{/gm)).toHaveLength(100);
  });

  it('say by its reason that an account is paused', async () => {
    const accounts = [{ ...up, rateLimit: 0, pausedFor: 'refused' as const }, up];
    const text = await gaugesText({ runs: [], queue: { workers: 0, accounts } });
    expect(text).toContain('rollcall_account_paused{reason="refused"} 1\n');
    expect(text).toContain('rollcall_account_paused{reason="down"} 0\n');
  });

  it('say nothing of a store that does not answer, but that the queue is away', async () => {
    const text = await gaugesText({ runs: undefined, queue: undefined });
    expect(text.match(/^rollcall_.*/gm)).toEqual(['rollcall_queue_up 0']);
  });
});

describe('a store that is away', () => {
  const away = () => new Promise<never>(() => {});
  const tools = {
    state: { list: async () => [] } as never,
    calledAccountOf: async (account: string) => account,
  };

  it('costs its gauges, in a time that is bounded, and questions do not pile up', async () => {
    let asked = 0;
    const queue = () => {
      asked += 1;
      return away();
    };
    const metrics = openMetrics({ ...tools, queue });
    const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    for (const text of texts) {
      expect(text).toContain('rollcall_queue_up 0\n');
      expect(text).toContain('rollcall_photos_left 0\n');
    }
    expect(asked).toBe(1);
  });

  it('is an error for who scales by what is left', async () => {
    const queue = async () => {
      throw new Error('connect ECONNREFUSED');
    };
    await expect(openMetrics({ ...tools, queue }).json()).rejects.toThrow(
      'the queue or the state does not answer',
    );
  });
});

describe('the label of an error', () => {
  const rejected = (code: string) => ({ error: { kind: 'rejected' as const, code, message: '' } });

  it.each([
    ['ooto', '5', '5'],
    ['ooto', '4711', 'other'],
    ['ooto', 'Person Ivanova is blocked', 'other'],
    ['ooto', 'constructor', 'other'],
    ['ooto', 'check-liveness', 'check-liveness'],
    ['ooto', 'check-Ivanova', 'other'],
    ['verihubs', 'FAIL_ON_5', 'FAIL_ON_5'],
    ['verihubs', 'FAIL_ON_99', 'other'],
    ['of-another-version', '5', 'other'],
  ])('of %s for %s is %s', (engine, code, label) => {
    expect(codeLabel(rejected(code), engine)).toBe(label);
  });

  it('is the kind of an error without a code, and empty where nothing is wrong', () => {
    expect(codeLabel({ error: { kind: 'photo', message: '/home/ivanova.jpg is gone' } }, 'ooto')).toBe(
      'photo',
    );
    expect(codeLabel({}, 'ooto')).toBe('');
  });
});
