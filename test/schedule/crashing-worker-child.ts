import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { runSchedulerLoop } from '../../src/schedule/scheduler-loop.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';

// A worker's part in schedules that ends itself with `kill -9` at a place. Arguments: its name, the schedule.
const [place = '', schedule = ''] = process.argv.slice(2);

type Files = Pick<StateStore, 'read' | 'write'>;

const places: Readonly<Record<string, (files: Files) => Partial<Files>>> = {
  'right after the tick': ({ read }) => ({
    read: (path) => (path.endsWith(`${schedule}/history.json`) ? die() : read(path)),
  }),
  'before the run is written': ({ write }) => ({
    write: (path, content) => (isOfRun(path, 'run.first.json') ? die() : write(path, content)),
  }),
  'when the run is half written': ({ write }) => ({
    write: (path, content) => (isOfRun(path, 'run.json') ? die() : write(path, content)),
  }),
  'after the run is written': ({ write }) => ({
    write: (path, content) =>
      write(path, content).then(() => (isOfRun(path, 'run.json') ? die() : undefined)),
  }),
  'after the tick is written down': ({ write }) => ({
    write: (path, content) =>
      write(path, content).then(() => (path.endsWith(`${schedule}/history.json`) ? die() : undefined)),
  }),
};

const isOfRun = (path: string, file: string) => path.includes(`/${schedule}-2`) && path.endsWith(`/${file}`);

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

const rollcall = await openRollcall();
const state = { ...rollcall.state, ...places[place]?.(rollcall.state) };
const { signal } = new AbortController();
await runSchedulerLoop({ ...rollcall, state }, { signal, onEvent: () => {} }).ended;
