import type { Decision } from '../../src/records/decisions/decision.ts';
import { saveDecisions } from '../../src/records/decisions/decision-files.ts';
import type { ManifestLine } from '../../src/records/manifest.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { type RunRecord, runFolderOf, writeFirstRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import type { ApplyTools } from '../../src/runs/review/make-decided-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { createMemoryLeases } from '../account/memory-leases.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsOf } from './run-settings.ts';

/** A photo of a run that is over, by what became of it. */
export type PhotoEnd = Partial<Pick<ReportLine, 'status' | 'error' | 'subjectId' | 'photo'>>;

export interface ReviewScene {
  readonly state: StateStore;
  readonly record: RunRecord;
  readonly announced: string[];
  tools(state?: StateStore): ApplyTools;
  decide(...decisions: Partial<Decision>[]): Promise<void>;
  remove(): Promise<void>;
}

let minute = 0;

/** A run that is over, in a state of its own, with a photo for each end; leases in memory, and nobody who works. */
export async function makeReviewScene(
  ends: readonly PhotoEnd[],
  more: Partial<RunRecord> = {},
): Promise<ReviewScene> {
  const folder = await makeTemporaryFolder();
  const state = createLocalStateStore(`${folder.path}/state`);
  const settings = await settingsOf({});
  const subject = {
    source: { address: '/archive', sameSubject: 'collision' as const, rootFolder: '/archive' },
    engine: 'ooto',
    engineUrl: 'https://engine.example',
    account: 'account',
  };
  const id = '20261122T010203Z-00000001';
  const record = { ...newRecord({ id, settings, subject }), state: 'finished' as const, ...more };
  await writeOverRun(state, record, ends);
  const leases = createMemoryLeases();
  const announced: string[] = [];
  const presence = { announce: async ({ name }: { name: string }) => void announced.push(name) };
  return {
    state,
    record,
    announced,
    tools: (given = state) => ({
      settings,
      state: given,
      folder: folder.path,
      queue: (async () => ({ leases, presence })) as unknown as ApplyTools['queue'],
    }),
    async decide(...decisions) {
      for (const decision of decisions) {
        minute += 1;
        const at = new Date(Date.UTC(2026, 10, 23, 0, minute)).toISOString();
        const whole = {
          schema: 'rollcall.decision/1',
          action: 'retry',
          seq: 1,
          by: 'ann',
          at,
          ...decision,
        } as const;
        await saveDecisions(state, id, [whole]);
      }
    },
    remove: () => folder.remove(),
  };
}

/** What a run that is over has in the state. */
export async function writeOverRun(
  state: StateStore,
  record: RunRecord,
  ends: readonly PhotoEnd[],
): Promise<void> {
  const manifest: ManifestLine[] = [];
  const report: ReportLine[] = [];
  for (const [index, { status = 'rejected', ...end }] of ends.entries()) {
    const seq = index + 1;
    const named = { subjectId: `subject-${seq}`, photo: `/archive/${seq}.jpg`, ...end };
    const { subjectId, photo } = named;
    manifest.push({ seq, subjectId, photo, version: 'v1', sizeInBytes: 1_000 });
    const { id: run, engine } = record;
    report.push({
      ...{
        schema: 'rollcall.report/1',
        run,
        seq,
        ...named,
        status,
        engine,
        finishedAt: '2026-11-22T01:02:03.000Z',
      },
    });
  }
  const folder = runFolderOf(record.id);
  await state.write(`${folder}/manifest.jsonl`, linesOf(manifest));
  await state.write(`${folder}/parts/1-1.jsonl`, linesOf(report));
  await writeFirstRunRecord(state, record);
}

const linesOf = (items: readonly unknown[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');
