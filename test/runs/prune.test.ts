import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditFolderOf, listAuditRecords, writeAuditRecord } from '../../src/records/audit-record.ts';
import {
  listRunRecords,
  type RunRecord,
  runFolderOf,
  writeFirstRunRecord,
} from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { findOldAudits, findOldRuns, removeAudits, removeRuns } from '../../src/runs/prune.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { type CommandLine, openCommandLine } from '../helpers/command-line.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsOf } from './run-settings.ts';

const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString();
const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000).toISOString();
const files = [
  ...['manifest.jsonl', 'report.jsonl', 'summary.json', 'parts/1-1.jsonl', 'events/host-1.jsonl'],
  ...['decisions/host-1.jsonl', 'applied/1.json', 'uploads/0123456789abcdef'],
];

let folder: TemporaryFolder;
let state: StateStore;

async function writeRun(id: string, runState: RunRecord['state']): Promise<void> {
  const subject = {
    source: { address: '/archive', sameSubject: 'collision' as const },
    engine: 'ooto',
    engineUrl: 'https://engine.example',
    account: 'account',
  };
  const record = newRecord({ id, settings: await settingsOf({}), subject });
  for (const file of files) await state.write(`${runFolderOf(id)}/${file}`, 'content\n');
  await writeFirstRunRecord(state, { ...record, state: runState });
}

const runIds = async () => (await listRunRecords(state)).map(({ id }) => id).sort();
const folders = async () => (await state.list('runs')).map(({ name }) => name);

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
  for (const runState of ['active', 'paused', 'finished', 'cancelled'] as const)
    await writeRun(runState, runState);
  await state.write('ledger/account/deltas/finished.jsonl', '{}\n');
  return () => folder.remove();
});

describe('pruning', () => {
  it('removes audits that came to their end, whole, and no other', async () => {
    const population = { held: 1, heldChosen: 1, forgotten: 0, forgottenChosen: 0, unclear: 0 };
    const record = {
      ...({ schema: 'rollcall.audit-record/1', engine: 'ooto', engineUrl: '', account: 'account' } as const),
      ...{ sample: 'all', seed: 1, threshold: 0.75, createdAt: new Date().toISOString(), population },
    };
    for (const auditState of ['asking', 'repairing', 'finished'] as const) {
      await writeAuditRecord(state, { ...record, id: auditState, state: auditState });
      for (const file of ['plan.jsonl', 'audit.jsonl'])
        await state.write(`${auditFolderOf(auditState)}/${file}`, '{}\n');
    }
    expect(await findOldAudits(state, yesterday)).toEqual([]);
    const old = await findOldAudits(state, tomorrow);
    expect(old).toEqual(['finished']);
    await removeAudits(state, old);
    expect((await listAuditRecords(state)).map(({ id }) => id).sort()).toEqual(['asking', 'repairing']);
    expect((await state.list('audits')).map(({ name }) => name).sort()).toEqual(['asking', 'repairing']);
  });

  it('takes runs that are over and old enough, and leaves the ledger', async () => {
    expect(await findOldRuns(state, yesterday)).toEqual([]);
    const old = await findOldRuns(state, tomorrow);
    expect(old.map(({ id }) => id).sort()).toEqual(['cancelled', 'finished']);
    await removeRuns(state, old);
    expect(await runIds()).toEqual(['active', 'paused']);
    expect(await folders()).toEqual(['active', 'paused']);
    expect(await state.list('ledger/account/deltas')).toHaveLength(1);
  });

  it('never leaves a run that looks as if it had to go on, wherever it dies, and ends when done again', async () => {
    for (let steps = 0; ; steps += 1) {
      await writeRun('finished', 'finished');
      const runs = (await findOldRuns(state, tomorrow)).filter(({ id }) => id === 'finished');
      const died = await removeRuns(dyingAfter(steps), runs).then(
        () => false,
        () => true,
      );
      // Who looks for the first time: runs that were over once are remembered for a state as it was opened.
      for (const record of await listRunRecords({ ...state })) {
        if (record.id === 'finished')
          expect(await state.size('runs/finished/summary.json')).toBeGreaterThan(0);
      }
      await removeRuns(
        state,
        (await findOldRuns(state, tomorrow)).filter(({ id }) => id === 'finished'),
      );
      expect(await folders()).not.toContain('finished');
      if (!died) break;
    }
  });

  /** The process dies before the removal after this many. */
  function dyingAfter(steps: number): StateStore {
    let left = steps;
    return {
      ...state,
      async remove(path) {
        if (left === 0) throw new Error('died');
        left -= 1;
        await state.remove(path);
      },
    };
  }
});

describe('rollcall prune', () => {
  let commandLine: CommandLine;
  beforeAll(async () => {
    commandLine = await openCommandLine();
  });
  const prune = (...args: string[]) =>
    commandLine.run(['prune', '--state', folder.path, ...args], { folder: folder.path });

  it('says what would go, and lets it go', async () => {
    expect(await prune('--older-than', '90d')).toMatchObject({ exitCode: 0, stdout: '' });
    const dry = await prune('--older-than', '1ms', '--dry-run');
    expect(dry.stdout.split('\n').sort()).toEqual(['cancelled', 'finished']);
    expect(dry.stderr).toContain('2 runs would be removed');
    expect(await folders()).toHaveLength(4);
    expect(await prune('--older-than', '1ms')).toMatchObject({ exitCode: 0 });
    expect(await folders()).toEqual(['active', 'paused']);
  });

  it('names what is wrong', async () => {
    const wrong = await prune('--older-than', 'a while');
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('--older-than');
    expect((await prune()).stderr).toContain('--older-than');
  });
});
