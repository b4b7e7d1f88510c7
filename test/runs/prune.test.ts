import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditFolderOf, listAuditRecords, writeAuditRecord } from '../../src/records/audit/audit-record.ts';
import { savePicture } from '../../src/records/inbox/picture.ts';
import { manifestPath } from '../../src/records/manifest.ts';
import { markRun, unmarkRun } from '../../src/records/run-marks.ts';
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

async function writeRun(id: string, runState: RunRecord['state'], address = '/archive'): Promise<void> {
  const subject = {
    source: { address, sameSubject: 'collision' as const },
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

  it('leaves what the repair of an audit has begun, and whose settings it takes', async () => {
    const population = { held: 1, heldChosen: 1, forgotten: 0, forgottenChosen: 0, unclear: 0 };
    await writeRun('later', 'finished', '/archive/2');
    await writeRun('audit-1-repair1', 'finished', '/archive/3');
    await writeAuditRecord(state, {
      ...({ schema: 'rollcall.audit-record/1', id: 'audit-1', engine: 'ooto', engineUrl: '' } as const),
      ...{ account: 'account', sample: '5%', seed: 1, threshold: 0.75, createdAt: yesterday, population },
      state: 'repairing',
    });
    const { old, needed } = await findOldRuns(state, tomorrow);
    const goesOnWith = 'rollcall audit --sample 5% --repair';
    expect(needed).toContainEqual({ id: 'later', goesOnWith });
    expect(needed).toContainEqual({ id: 'audit-1-repair1', goesOnWith });
    // The newest of its source stands for all.
    expect(old).toHaveLength(1);
  });

  it('leaves a run that is being undone, and one whose undoing begins before it is gone', async () => {
    await markRun(state, 'cancelled', 'undo-under-way');
    const { old, needed } = await findOldRuns(state, tomorrow);
    expect(needed).toEqual([{ id: 'cancelled', goesOnWith: 'rollcall undo cancelled' }]);
    expect(old.map(({ id }) => id)).toEqual(['finished']);
    await markRun(state, 'finished', 'undo-under-way');
    expect(await removeRuns(state, old)).toEqual(['finished']);
    expect(await runIds()).toContain('finished');
    expect(await state.size('runs/finished/pruned')).toBeUndefined();
    await unmarkRun(state, 'finished', 'undo-under-way');
    expect(await removeRuns(state, old)).toEqual([]);
    expect(await runIds()).not.toContain('finished');
  });

  it.each([
    ['active', true],
    ['finished', false],
  ] as const)(
    'leaves pictures of dead letters that a run sends again while that is %s',
    async (retry, isLeft) => {
      await writeRun('door-1', 'finished', 'inbox:door');
      const photo = await savePicture(state, 'door-1', Buffer.from('picture'));
      await writeRun('retry', retry, '-');
      await state.write(manifestPath('retry'), `${JSON.stringify({ seq: 1, subjectId: 'ann', photo })}\n`);
      for (const other of ['active', 'paused']) await state.remove(runFolderOf(other));
      const { old, needed } = await findOldRuns(state, tomorrow);
      expect(needed).toEqual(isLeft ? [{ id: 'door-1', goesOnWith: 'run retry' }] : []);
      expect(old.some(({ id }) => id === 'door-1')).toBe(!isLeft);
    },
  );

  it('takes runs that are over and old enough, and leaves the ledger', async () => {
    expect((await findOldRuns(state, yesterday)).old).toEqual([]);
    const { old } = await findOldRuns(state, tomorrow);
    expect(old.map(({ id }) => id).sort()).toEqual(['cancelled', 'finished']);
    await removeRuns(state, old);
    expect(await runIds()).toEqual(['active', 'paused']);
    expect(await folders()).toEqual(['active', 'paused']);
    expect(await state.list('ledger/account/deltas')).toHaveLength(1);
  });

  it('never leaves a run that looks as if it had to go on, wherever it dies, and ends when done again', async () => {
    for (let steps = 0; ; steps += 1) {
      await writeRun('finished', 'finished');
      const runs = (await findOldRuns(state, tomorrow)).old.filter(({ id }) => id === 'finished');
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
        (await findOldRuns(state, tomorrow)).old.filter(({ id }) => id === 'finished'),
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
    await writeRun('undoing', 'finished');
    await markRun(state, 'undoing', 'undo-under-way');
    const dry = await prune('--older-than', '1ms', '--dry-run');
    expect(dry.stdout.split('\n').sort()).toEqual(['cancelled', 'finished']);
    expect(dry.stderr).toContain('2 runs would be removed');
    expect(await folders()).toHaveLength(5);
    expect(await prune('--older-than', '1ms')).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('undoing stays: it is needed to go on with rollcall undo undoing'),
    });
    expect(await folders()).toEqual(['active', 'paused', 'undoing']);
  });

  it('names what is wrong', async () => {
    const wrong = await prune('--older-than', 'a while');
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('--older-than');
    expect((await prune()).stderr).toContain('--older-than');
  });
});
