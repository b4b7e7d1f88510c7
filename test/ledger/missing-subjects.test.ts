import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GivenSettings } from '../../src/engines/settings.ts';
import { openErasedSubjects } from '../../src/ledger/forgotten-subjects.ts';
import { type LedgerEvent, ledgerSchemaName, ledgerSourceOf } from '../../src/ledger/ledger-event.ts';
import { deltaPath } from '../../src/ledger/ledger-files.ts';
import { writeMissingSubjects } from '../../src/ledger/missing-subjects.ts';
import { refreshSnapshot } from '../../src/ledger/snapshot/refresh-snapshot.ts';
import { manifestPath } from '../../src/records/manifest.ts';
import type { RunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsOf } from '../runs/run-settings.ts';
import { ledgerEvents, timeAt } from './ledger-events.ts';

describe.each(['lines', 'snapshot'])('subjects that are enrolled and no longer listed, by the %s', (by) => {
  let folder: TemporaryFolder;
  let state: StateStore;
  let number = 0;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterAll(() => folder.remove());

  async function recordOf(flags: GivenSettings = {}, source = '/archive'): Promise<RunRecord> {
    number += 1;
    const settings = await settingsOf({ incremental: true, ...flags });
    const subject = {
      source: { address: source, sameSubject: 'repeat' as const },
      engine: 'ooto',
      engineUrl: '',
      account: `account-${number}`,
    };
    return newRecord({ id: `run-${number}`, settings, subject });
  }

  const enrolled = (subjectId: string, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
    schema: ledgerSchemaName,
    kind: 'enrolled',
    subjectId,
    photo: `/archive/${subjectId}.jpg`,
    templateId: `t-${subjectId}`,
    at: timeAt(1),
    source: '/archive',
    ...more,
  });

  async function missingOf(
    record: RunRecord,
    listed: readonly (string | undefined)[],
    events: readonly LedgerEvent[],
    on: StateStore = state,
  ) {
    const rows = listed.map((subjectId, index) => ({ seq: index + 1, subjectId, photo: '/x.jpg' }));
    const textOf = (lines: readonly unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await state.write(manifestPath(record.id), textOf(rows));
    // The snapshot lacks some of the lines.
    const half = Math.ceil(events.length / 2);
    await state.write(deltaPath(record.account, { run: 'before', epoch: 1 }), textOf(events.slice(0, half)));
    const when = { fewestBytes: 0, dropsGone: true };
    if (by === 'snapshot') await refreshSnapshot(state, { account: record.account, when });
    await state.write(deltaPath(record.account, { run: 'later', epoch: 1 }), textOf(events.slice(half)));
    const count = await writeMissingSubjects(on, {
      record,
      isWhole: true,
      erased: await openErasedSubjects(state, record),
    });
    const text = (await state.read(`runs/${record.id}/missing.jsonl`))?.toString();
    const lines = text?.split('\n').filter((line) => line !== '');
    return { count, lines: lines?.map((line) => JSON.parse(line)) };
  }

  it('are not those that the ledger knows with blanks around their ids', async () => {
    const events = [enrolled(' a'), enrolled('b\u00a0'), enrolled('\u200bc'), enrolled(' gone')];
    const { lines } = await missingOf(await recordOf(), ['a', 'b', 'c'], events);
    expect(lines?.map(({ subjectId }) => subjectId)).toEqual([' gone']);
  });

  it('are told once each, with the newest photo that was stored', async () => {
    const { count, lines } = await missingOf(
      await recordOf(),
      ['here', 'Zoë'.normalize('NFD')],
      [
        enrolled('here'),
        enrolled('Zoë'.normalize('NFC')),
        enrolled('gone', { photo: '/archive/2.jpg', version: 'v2', at: timeAt(5) }),
        enrolled('gone', { photo: '/archive/1.jpg', at: timeAt(2) }),
        enrolled('unfine', { kind: 'rejected', stored: 'yes', code: 'check-liveness' }),
        enrolled('never', { kind: 'rejected', stored: 'no', code: '5' }),
        enrolled('unclear', { kind: 'unclear' }),
        enrolled('elsewhere', { source: '/another' }),
      ],
    );
    expect(count).toBe(2);
    expect(lines).toEqual([
      {
        schema: 'rollcall.missing/1',
        subjectId: 'gone',
        photo: '/archive/2.jpg',
        version: 'v2',
        templateId: 't-gone',
        enrolledAt: timeAt(5),
      },
      {
        schema: 'rollcall.missing/1',
        subjectId: 'unfine',
        photo: '/archive/unfine.jpg',
        templateId: 't-unfine',
        enrolledAt: timeAt(1),
      },
    ]);
  });

  it('are not those whose photos the list leaves out now: in a recycle bin, or a picture of another kind', async () => {
    const record = await recordOf();
    await state.write(
      `runs/${record.id}/left-out.jsonl`,
      '{"path":"raw.nef","why":"other-picture","subjectId":"raw"}\n{"path":"notes.txt","why":"no-image"}\n',
    );
    const events = [
      enrolled('binned', { photo: '/archive/#recycle/binned.jpg' }),
      enrolled('thumb', { photo: '/archive/a/@eaDir/thumb.jpg' }),
      enrolled('raw'),
      enrolled('gone'),
    ];
    const { lines } = await missingOf(record, ['here'], events);
    expect(lines?.map(({ subjectId }) => subjectId)).toEqual(['gone']);
    const all = await recordOf({ includeLeftOut: true });
    expect((await missingOf(all, ['here'], events)).count).toBe(4);
  });

  it('are told by their newest photo, once each, also where the list has rows of nobody', async () => {
    const record = await recordOf();
    const photo = (name: string, minute: number) => ({ photo: `/archive/${name}.jpg`, at: timeAt(minute) });
    const events = [
      ...[enrolled('gone', photo('1', 1)), enrolled('gone', photo('3', 3)), enrolled('gone', photo('2', 2))],
      ...[enrolled('twice', photo('a', 4)), enrolled('twice', photo('a', 4)), enrolled('here')],
    ];
    await state.write(`runs/${record.id}/left-out.jsonl`, '{"path":"x.nef","why":"other-picture"}\n');
    const { count, lines } = await missingOf(record, ['here', undefined], events);
    expect(count).toBe(2);
    const told = lines?.map((line) => [line.subjectId, line.photo]).sort();
    expect(told).toEqual([
      ['gone', '/archive/3.jpg'],
      ['twice', '/archive/a.jpg'],
    ]);
    const list = enrolled('binned', { photo: '/archive/#recycle/binned.jpg' });
    expect((await missingOf(await recordOf(), ['here'], [list, enrolled('gone')])).count).toBe(1);
    expect(await missingOf(await recordOf(), ['here'], [enrolled('here')])).toEqual({ count: 0, lines: [] });
  });

  it('leave no half a file where the disk is full', async () => {
    const record = await recordOf();
    const openWriter: StateStore['openWriter'] = async (path) => ({
      ...(await state.openWriter(path)),
      write: () => Promise.reject(new Error('no room')),
    });
    const missing = missingOf(record, ['here'], [enrolled('gone')], { ...state, openWriter });
    await expect(missing).rejects.toThrow('no room');
    expect((await state.list(`runs/${record.id}`)).map(({ name }) => name)).toEqual(['manifest.jsonl']);
  });

  it.each([
    ['a list that was cut short', { limit: 1 }, '/archive'],
    ['a pipe', {}, '-'],
    ['a run that is not incremental', { incremental: false }, '/archive'],
  ])('are not looked for in %s', async (_, flags, source) => {
    const record = await recordOf(flags, source);
    expect(await missingOf(record, [], [enrolled('gone', { source })])).toEqual({
      count: undefined,
      lines: undefined,
    });
  });

  it('are those of the part of a source that is listed', async () => {
    const staff = await recordOf({ include: 'staff/**' });
    const source = ledgerSourceOf(staff);
    expect(source).not.toBe('/archive');
    expect((await missingOf(staff, [], [enrolled('guest'), enrolled('gone', { source })])).lines).toEqual([
      expect.objectContaining({ subjectId: 'gone' }),
    ]);
    // Photos that were tried again count for the source that they were first listed from.
    expect(ledgerSourceOf({ ...staff, source: '-', origin: '/archive' })).toBe(source);
  });

  it('are those of any earlier day of an inventory, also as former versions wrote them', async () => {
    const day = (date: string) => `s3://lists/photos/daily/${date}T01-00Z/manifest.json`;
    const today = await recordOf({}, day('2026-11-28'));
    const events = [
      enrolled('here', { source: day('2026-11-26') }),
      enrolled('gone', { source: ledgerSourceOf(await recordOf({}, day('2026-11-27'))) }),
      enrolled('gone-before', { source: day('2026-11-26') }),
      enrolled('elsewhere', { source: 's3://lists/photos/weekly/2026-11-26T01-00Z/manifest.json' }),
    ];
    for (const written of [events, [...events].reverse()]) {
      const { lines = [] } = await missingOf(
        { ...today, account: `${today.account}-${written[0]?.subjectId}` },
        ['here'],
        written,
      );
      expect(lines.map(({ subjectId }) => subjectId).sort()).toEqual(['gone', 'gone-before']);
    }
  });

  it('may be many', async () => {
    const names = Array.from({ length: 3_000 }, (_, index) => `subject-${index}`);
    const events = names.map((name) => enrolled(name));
    const { count, lines } = await missingOf(await recordOf(), names.slice(0, 1_000), events);
    expect(count).toBe(2_000);
    expect(new Set(lines?.map(({ subjectId }) => subjectId))).toEqual(new Set(names.slice(1_000)));
  });

  if (by === 'snapshot')
    it('are the same with any events, by all lines and without reading them', async () => {
      const { bytes: _, ...remote } = state;
      const list = fc.subarray(['Zoë'.normalize('NFC'), 'a', 'b']);
      await fc.assert(
        fc.asyncProperty(fc.array(ledgerEvents, { maxLength: 12 }), list, async (events, listed) => {
          const here = await missingOf(await recordOf({}, '/one'), listed, events);
          const there = await missingOf(await recordOf({}, '/one'), listed, events, remote);
          const sorted = ({ count, lines }: typeof here) => ({
            count,
            lines: lines?.map(({ subjectId }) => subjectId).sort(),
          });
          expect(sorted(here)).toEqual(sorted(there));
        }),
        { numRuns: randomInputs(20) },
      );
    });
});
