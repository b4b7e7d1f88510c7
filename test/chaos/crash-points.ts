import { appendFileSync, writeFileSync } from 'node:fs';
import type { OpenWorkerOptions, QueueBackend, RunQueue } from '../../src/queue/queue.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';

/** A place in the program at which the process ends itself with `kill -9`. */
export interface CrashPoint {
  readonly state?: (state: StateStore) => Partial<StateStore>;
  readonly queue?: (queue: RunQueue) => Partial<RunQueue>;
  readonly work?: (work: OpenWorkerOptions['work']) => OpenWorkerOptions['work'];
}

/** By name: the way of a photo, in order. */
export const crashPoints: Readonly<Record<string, CrashPoint>> = {
  'in the midst of a line of the manifest': onAppend('manifest.jsonl', (path, text) => {
    appendFileSync(path, text.slice(0, text.length / 2));
    return die();
  }),
  'after the manifest is written, before its photos are fed': onAppend(
    'manifest.jsonl',
    (_path, text, append) => append(text).then(die),
  ),
  'when half of its photos are fed': {
    queue: ({ add }) => ({
      add: (jobs, photosPerJob) => add(jobs.slice(0, jobs.length / 2), photosPerJob).then(die),
    }),
  },
  'after results were recorded, before the job that they share is finished': {
    work(work) {
      let begun = 0;
      return (job, signal) => {
        begun += 1;
        // Four are at work at once: that the sixth begins says that two results are stored.
        return begun === 6 ? die() : work(job, signal);
      };
    },
  },
  'after what is left of a job was added, before the job is removed': {
    queue: ({ add }) => ({
      add: (jobs, photosPerJob) =>
        add(jobs, photosPerJob).then(() => (jobs.some(({ retry }) => retry) ? die() : undefined)),
    }),
  },
  'in the midst of a line of a part': onAppend('/parts/', (path, text) => {
    appendFileSync(path, text.slice(0, text.length * 0.6));
    return die();
  }),
  'after a part is written, before it is synced': onAppend('/parts/', (path, text) => {
    appendFileSync(path, text);
    return die();
  }),
  'after a part is synced, before its jobs are removed': { queue: () => ({ remove: die }) },
  'after jobs are removed': { queue: ({ remove }) => ({ remove: (ids) => remove(ids).then(die) }) },
  'in the midst of the merge': onWriter('report.jsonl', (writer) => ({
    write: (text) => writer.write(text.slice(0, text.length / 2)).then(die),
  })),
  'after the merge, before the report has its name': onWriter('report.jsonl', () => ({ commit: die })),
  'after the report has its name': onWriter('report.jsonl', (writer) => ({
    commit: () => writer.commit().then(die),
  })),
  'before the ledger has what came of the photos': onWriter('/deltas/', () => ({ commit: die })),
  'after the ledger has what came of the photos': onWriter('/deltas/', (writer) => ({
    commit: () => writer.commit().then(die),
  })),
  'in the midst of the summary': {
    state: (state) => ({
      write(path, content) {
        if (!path.endsWith('summary.json')) return state.write(path, content);
        // As `write` does it: under another name first.
        writeFileSync(`${state.locate(path)}.0.tmp`, content.slice(0, 10));
        return die();
      },
    }),
  },
  'after the summary, before the queue is removed': { queue: () => ({ obliterate: die }) },
  'after the queue is removed, before the run counts as finished': {
    queue: ({ obliterate }) => ({ obliterate: () => obliterate().then(die) }),
  },
  'after the run counts as finished, before its parts are removed': onRemove('/parts', die),
  'when some of its parts are removed': onRemove('/parts', (path, state) =>
    state.remove(`${path}/1-1.jsonl`).then(die),
  ),
};

/** The same state, but for what the crash point changes. */
export function withCrashPoint({ state }: CrashPoint, original: StateStore): StateStore {
  return { ...original, ...state?.(original) };
}

export function queueWithCrashPoint({ queue, work }: CrashPoint, original: QueueBackend): QueueBackend {
  return {
    ...original,
    openWorker: (options) => original.openWorker(work ? { ...options, work: work(options.work) } : options),
    openRunQueue(runId) {
      const runQueue = original.openRunQueue(runId);
      return { ...runQueue, ...queue?.(runQueue) };
    },
  };
}

/** Never resolves: nothing after it is done. */
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

function onRemove(folder: string, remove: (path: string, original: StateStore) => Promise<void>): CrashPoint {
  return {
    state: (state) => ({
      remove: (path) => (path.endsWith(folder) ? remove(path, state) : state.remove(path)),
    }),
  };
}

type Append = (text: string) => Promise<void>;

function onAppend(
  file: string,
  append: (path: string, text: string, original: Append) => Promise<void>,
): CrashPoint {
  return {
    state: (state) => ({
      async openAppender(path) {
        const appender = await state.openAppender(path);
        if (!path.includes(file)) return appender;
        return {
          get sizeInBytes() {
            return appender.sizeInBytes;
          },
          close: () => appender.close(),
          append: (text) => append(state.locate(path), text, (whole) => appender.append(whole)),
        };
      },
    }),
  };
}

type Writer = Awaited<ReturnType<StateStore['openWriter']>>;

function onWriter(file: string, change: (writer: Writer) => Partial<Writer>): CrashPoint {
  return {
    state: (state) => ({
      async openWriter(path) {
        const writer = await state.openWriter(path);
        return path.includes(file) ? { ...writer, ...change(writer) } : writer;
      },
    }),
  };
}
