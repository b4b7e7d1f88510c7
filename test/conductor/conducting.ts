import { pino } from 'pino';
import type { ConductEnd, ConductOptions } from '../../src/conductor/conducting.ts';
import { conductRun } from '../../src/conductor/conductor.ts';
import type { GivenSettings } from '../../src/engines/settings.ts';
import type { PhotoJob, QueueBackend, WorkResult } from '../../src/queue/queue.ts';
import { readReport } from '../../src/records/report/read-report.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { type RunRecord, readRunRecord, runFolderOf, writeRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import type { Source } from '../../src/sources/source.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { processName } from '../../src/util/process-name.ts';
import type { QueueServer } from '../helpers/queue-servers.ts';
import { settingsOf } from '../runs/run-settings.ts';

/** One run on a real queue, conducted as often as a test likes; its calls are a function of the test's. */
export interface Stage {
  readonly state: StateStore;
  readonly backend: QueueBackend;
  readonly runId: string;
  /** Seqs in the order in which their work began. */
  readonly worked: number[];
  conduct(options?: Partial<ConductOptions> & { work?: ConductOptions['work'] }): Promise<ConductEnd>;
  record(): Promise<RunRecord>;
  report(): Promise<ReportLine[]>;
  close(): Promise<void>;
}

export type Work = (job: PhotoJob, signal: AbortSignal) => WorkResult | Promise<WorkResult>;

export const enrolled: Work = ({ data }) => ({
  outcome: {
    status: 'enrolled',
    stored: 'yes',
    templateId: `t-${data.seq}`,
    attempts: 1,
    finishedAt: new Date().toISOString(),
  },
});

let number = 0;

export async function setStage(
  server: QueueServer,
  options: {
    source: Source;
    work?: Work;
    settings?: GivenSettings;
    concurrency?: number;
    onStop?: () => void;
  },
): Promise<Stage> {
  const { source, work = enrolled, concurrency = 8 } = options;
  const backend = await server.open();
  number += 1;
  const runId = `conducted-${number}`;
  const state = createLocalStateStore(`${server.stateFolder}/state`);
  const subject = {
    source,
    engine: 'ooto',
    engineUrl: 'https://engine.example',
    account: `account-${number}`,
  };
  const record = newRecord({ id: runId, settings: await settingsOf(options.settings), subject });
  await writeRunRecord(state, record);
  const worked: number[] = [];

  /** A worker of this process, as a run has one. */
  function openWork(): ConductOptions['work'] {
    let worker: ReturnType<QueueBackend['openWorker']> | undefined;
    return {
      start() {
        worker ??= backend.openWorker({
          runId,
          concurrency,
          workerName: processName(),
          work: async (job, signal) => {
            worked.push(job.data.seq);
            return work(job, signal);
          },
          onError: (error) => void server.errors.push(error),
        });
      },
      async stop() {
        options.onStop?.();
        await worker?.stop({ deadlineInMs: 5_000 });
      },
    };
  }

  return {
    state,
    backend,
    runId,
    worked,
    async conduct(more = {}) {
      const ownWork = openWork();
      try {
        return await conductRun({
          state,
          backend,
          runId,
          openSource: async () => source,
          processName: processName(),
          window: 200,
          work: ownWork,
          signal: new AbortController().signal,
          onProgress: () => {},
          log: pino({ level: 'silent' }),
          ...more,
        });
      } finally {
        await ownWork.stop();
      }
    },
    async record() {
      const found = await readRunRecord(state, runId);
      if (!found) throw new Error('no run.json');
      return found;
    },
    async report() {
      const lines: ReportLine[] = [];
      for await (const line of readReport(state, runFolderOf(runId))) lines.push(line);
      return lines;
    },
    close: () => backend.close(),
  };
}
