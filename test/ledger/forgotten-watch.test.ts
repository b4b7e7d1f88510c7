import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  createErasureLog,
  forgetListFolder,
  runForgetListFolder,
  writeForgetEntries,
} from '../../src/ledger/forget-files.ts';
import { entriesAreKnownAfterInMs, watchForgotten } from '../../src/ledger/forgotten-watch.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { timeAt } from './ledger-events.ts';

const engine = 'ooto';
const { signal } = new AbortController();
let folder: TemporaryFolder;
let state: StateStore;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await folder.remove();
});

const forget = (at: string, ...subjects: string[]) =>
  writeForgetEntries(state, { folder: at, engine, kind: 'forget', at: timeAt(1), subjects });

/** A watch that notes its looks, and what it says; `before` each look. */
function watch({
  kind = 'local',
  before = async () => {},
}: {
  kind?: StateStore['kind'];
  before?: () => Promise<void>;
} = {}) {
  const said: { run: string; reason: string }[] = [];
  const looks: number[] = [];
  const watched: StateStore = {
    ...state,
    kind,
    async list(path) {
      if (path === forgetListFolder(engine)) {
        looks.push(performance.now());
        await before();
      }
      return state.list(path);
    },
  };
  const log = { warn: (facts: (typeof said)[number]) => void said.push(facts) };
  const account = { engine, account: 'account', runId: 'run-1' };
  const { refusalOf, stop } = watchForgotten({ state: watched, log, ...account });
  const ask = (subjectId = 'a', templateId = 'T') => refusalOf({ subjectId, templateId }, signal);
  return { said, looks, refusalOf, ask, stop, oldestInMs: entriesAreKnownAfterInMs(watched) };
}

describe('an enrollment', () => {
  it.each<[string, string, string, string | undefined]>([
    ['is refused', 'gone', 'T', 'forgotten'],
    ['is refused, of whom the run was given', 'own', 'T', 'forgotten'],
    ['is refused under a template of hers', 'b', 'T-gone', 'template-erased'],
    ['is refused as forgotten, whatever its template', 'gone', 'T-gone', 'forgotten'],
    ['is none of anybody else’s', 'b', 'T', undefined],
  ])('of a person who asked to be forgotten %s', async (_, subjectId, templateId, expected) => {
    await forget(forgetListFolder(engine), 'gone');
    await forget(runForgetListFolder('run-1'), 'own');
    const erasures = createErasureLog(state, { engine, account: 'account' });
    const templates = [{ templateId: 'T-gone', existed: true, at: timeAt(2) }];
    await erasures.append({ subjectId: 'gone', templates, notBefore: 0 });
    await erasures.close();
    const { ask, stop } = watch();
    expect(await ask(subjectId, templateId)).toBe(expected);
    stop();
  });
});

describe('the list', () => {
  it.each([
    { kind: 'local', oldest: 3_000 },
    { kind: 's3', oldest: 10_000 },
  ] as const)('is known as of $oldest ms ago at most ($kind)', async ({ kind, oldest }) => {
    const { ask, stop, looks, oldestInMs } = watch({ kind });
    stop();
    expect(oldestInMs).toBe(oldest);
    expect(await ask()).toBeUndefined();
    await forget(forgetListFolder(engine), 'a');
    vi.advanceTimersByTime(oldest);
    expect(await ask()).toBeUndefined();
    expect(looks).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(await ask()).toBe('forgotten');
    expect(looks).toHaveLength(2);
  });

  it('is read anew where the machine slept, and the steady clock with it', async () => {
    const { ask, stop, oldestInMs } = watch();
    stop();
    expect(await ask()).toBeUndefined();
    await forget(forgetListFolder(engine), 'a');
    const wokenAt = Date.now() + oldestInMs + 1;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(wokenAt);
    onTestFinished(() => clock.mockRestore());
    expect(await ask()).toBe('forgotten');
  });

  it('is as old as the question was, however late the answer', async () => {
    const { ask, stop, looks, oldestInMs } = watch({
      before: async () => void vi.advanceTimersByTime(looks.length === 1 ? 2_000 : 0),
    });
    stop();
    await ask();
    vi.advanceTimersByTime(oldestInMs - 2_000 + 1);
    await ask();
    expect(looks).toHaveLength(2);
  });

  it('is read once for all who ask at once', async () => {
    const { ask, stop, looks } = watch();
    stop();
    await Promise.all(Array.from({ length: 9 }, () => ask()));
    expect(looks).toHaveLength(1);
  });

  it.each([
    { kind: 'local', everyInMs: 1_000 },
    { kind: 's3', everyInMs: 5_000 },
  ] as const)(
    'is looked at every $everyInMs ms ($kind), until the watch ends',
    async ({ kind, everyInMs }) => {
      const { ask, stop, looks } = watch({ kind });
      vi.advanceTimersByTime(everyInMs - 1);
      expect(looks).toEqual([]);
      vi.advanceTimersByTime(1);
      await until(() => looks.length === 1, { what: 'a look' });
      stop();
      vi.advanceTimersByTime(60_000);
      await ask();
      // The one that was asked for.
      expect(looks).toHaveLength(2);
    },
  );
});

describe('a state that does not answer', () => {
  const away = async () => {
    throw new Error('the disk is away');
  };

  it('holds a call back, which is told why, and ends with the signal', async () => {
    const { refusalOf, stop, said } = watch({ before: away });
    stop();
    const controller = new AbortController();
    const asked = refusalOf({ subjectId: 'a', templateId: 'T' }, controller.signal);
    const ended = expect(asked).rejects.toThrow('the run was cancelled');
    await until(() => said.length > 0, { what: 'a word of it' });
    expect(said).toEqual([{ run: 'run-1', reason: 'the disk is away' }]);
    controller.abort(new Error('the run was cancelled'));
    await ended;
  });

  it('is not asked once the signal is aborted', async () => {
    const { refusalOf, stop, looks } = watch();
    stop();
    const aborted = AbortSignal.abort(new Error('over'));
    await expect(refusalOf({ subjectId: 'a', templateId: 'T' }, aborted)).rejects.toThrow('over');
    expect(looks).toEqual([]);
  });

  it('ends no process, where nobody asked, and is asked again', async () => {
    let isAway = true;
    const { ask, stop, looks } = watch({ before: () => (isAway ? away() : Promise.resolve()) });
    vi.advanceTimersByTime(1_000);
    await until(() => looks.length === 1, { what: 'a look' });
    await new Promise(setImmediate);
    isAway = false;
    expect(await ask()).toBeUndefined();
    expect(looks).toHaveLength(2);
    stop();
  });
});
