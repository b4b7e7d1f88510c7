import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { runInProcess } from '../../src/runs/run-in-process.ts';
import { crashPoints, queueWithCrashPoint, withCrashPoint } from './crash-points.ts';

// `rollcall run`, put together of the same modules, that dies at a crash point. Arguments: its name, source, run id.
const [name = '', source = '', runId = ''] = process.argv.slice(2);
const crashPoint = crashPoints[name];
if (crashPoint === undefined) throw new Error(`no crash point: ${name}`);
const rollcall = await openRollcall({ settings: { runId } });
const end = await runInProcess(
  {
    ...rollcall,
    state: withCrashPoint(crashPoint, rollcall.state),
    queue: async () => queueWithCrashPoint(crashPoint, await rollcall.queue()),
  },
  { source, signal: new AbortController().signal },
);
throw new Error(`the run ended, ${end.kind}, and did not come to the crash point`);
