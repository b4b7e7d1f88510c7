import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import type { GivenSettings } from '../../src/engines/settings.ts';
import { createLedgerDelta, eventOfLine } from '../../src/ledger/ledger-delta.ts';
import type { LedgerEvent } from '../../src/ledger/ledger-event.ts';
import { readLedger } from '../../src/ledger/ledger-files.ts';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import type { RunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import type { Source } from '../../src/sources/source.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsOf } from '../runs/run-settings.ts';
import { timeAt } from './ledger-events.ts';
import { nobodyErased } from './ledger-on-disk.ts';

const own = templateIdOf({ engine: 'ooto', subjectId: 'bob' });
const line = (more: Partial<ReportLine> = {}): ReportLine => ({
  schema: 'rollcall.report/1',
  ...{ run: 'r', seq: 1, subjectId: 'bob', photo: '/a/bob.jpg', version: 'v1', sha256: 'aa' },
  ...{ status: 'enrolled', stored: 'yes', engine: 'ooto', templateId: own, finishedAt: timeAt(5) },
  ...more,
});
const event = (more: Partial<LedgerEvent> = {}): LedgerEvent => ({
  schema: 'rollcall.ledger/1',
  ...{ kind: 'enrolled', run: 'r', subjectId: 'bob', photo: '/a/bob.jpg', version: 'v1', sha256: 'aa' },
  ...{ templateId: own, at: timeAt(5), source: '/a' },
  ...more,
});

describe('what the ledger remembers of a photo', () => {
  const unchanged = { status: 'skipped', reason: 'unchanged', enrolledAt: timeAt(1) } as const;
  const verdict = { kind: 'rejected', code: '5', message: 'no face' } as const;
  const preflight = { kind: 'preflight', code: '5', message: 'no face' } as const;
  const rejected = { status: 'rejected', stored: 'no' } as const;
  const differs: Partial<ReportLine> = { templateId: 'T9', warnings: ['template-id-differs'] };

  it.each<[string, Partial<ReportLine>, LedgerEvent]>([
    ['that it is enrolled', {}, event()],
    [
      'the id that a list gave it',
      { templateId: 'T9' },
      event({ templateId: 'T9', templateIdFrom: 'manifest' }),
    ],
    ['the id that the engine gave it', differs, event({ templateId: 'T9', templateIdFrom: 'engine' })],
    ['no id, where none is known', { templateId: undefined }, event({ templateId: undefined })],
    ['no version, where the list has none', { version: undefined }, event({ version: undefined })],
    ['no content, where it was not read', { sha256: undefined }, event({ sha256: undefined })],
    ['a verdict', { ...rejected, error: verdict }, event({ kind: 'rejected', code: '5', stored: 'no' })],
    [
      'a verdict without a code, of which it is not known what was stored',
      { status: 'rejected', stored: undefined, error: { kind: 'rejected', message: '' } },
      event({ kind: 'rejected', stored: 'unknown' }),
    ],
    ['a verdict without words', rejected, event({ kind: 'rejected', stored: 'no' })],
    [
      'a call without an answer, before the preflight was asked',
      { status: 'rejected', stored: 'unknown', error: preflight },
      event({ kind: 'unclear' }),
    ],
    ['a call without an answer', { status: 'failed', stored: 'unknown' }, event({ kind: 'unclear' })],
    [
      'when the same bytes were enrolled, and when they were seen last',
      unchanged,
      event({ at: timeAt(1), seenAt: timeAt(5) }),
    ],
  ])('%s', (_, given, expected) => {
    const known = eventOfLine(line(given), { source: '/a', required: [] });
    expect(JSON.parse(JSON.stringify(known))).toEqual(JSON.parse(JSON.stringify(expected)));
  });

  it.each<[string, Partial<ReportLine>]>([
    ['of a row without a subject', { subjectId: undefined }],
    ['of a row without a photo', { photo: undefined }],
    ['of what the preflight foresaw', { ...rejected, error: preflight }],
    ['of a failure that stored nothing', { status: 'failed', stored: 'no' }],
    ['of a row that was skipped for another reason', { ...unchanged, reason: 'repeated' }],
    ['of an unchanged photo that nobody read', { ...unchanged, sha256: undefined }],
    [
      'of an unchanged photo of which it is not known when it was enrolled',
      { ...unchanged, enrolledAt: undefined },
    ],
    ['of an unchanged photo without a template', { ...unchanged, templateId: undefined }],
    ['of an answer that may be for somebody else, and is not unclear', { warnings: ['template-shared'] }],
  ])('nothing %s', (_, given) => {
    expect(eventOfLine(line(given), { source: '/a', required: [] })).toBeUndefined();
  });

  it.each<[readonly string[], readonly string[] | undefined]>([
    [[], undefined],
    [['liveness'], ['liveness']],
    [
      ['liveness', 'deepfake'],
      ['deepfake', 'liveness'],
    ],
  ])('which checks were fine, in one order: %j', (required, expected) => {
    for (const given of [{}, unchanged])
      expect(eventOfLine(line(given), { source: '/a', required })?.required).toEqual(expected);
  });
});

describe('the file that a run adds to the ledger', () => {
  let folder: TemporaryFolder;
  let state: StateStore;
  let number = 0;
  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    state = createLocalStateStore(folder.path);
  });
  afterAll(() => folder.remove());

  async function recordOf(
    flags: GivenSettings = {},
    source: Pick<Source, 'sameSubject' | 'idsFromPaths'> = { sameSubject: 'repeat', idsFromPaths: false },
  ): Promise<RunRecord> {
    number += 1;
    const run = { engine: 'ooto', engineUrl: '', account: `account-${number}` };
    const subject = { source: { address: '/archive', ...source }, ...run };
    const record = newRecord({ id: `run-${number}`, settings: await settingsOf(flags), subject });
    // A run of an earlier version does not say how ids arose.
    const { idsFromPaths: _, ...settings } = record.settings;
    return { ...record, epoch: 3, settings: { ...settings, ...source } };
  }
  const eventsOf = async ({ account }: RunRecord): Promise<LedgerEvent[]> => {
    const events: LedgerEvent[] = [];
    await readLedger(state, { account, onEvent: (event) => events.push(event) });
    return events;
  };

  it('appears whole with its commit, but for who was erased meanwhile', async () => {
    const record = await recordOf({ require: 'liveness' });
    const isVoid = ({ subjectId }: { subjectId: string }) => subjectId === 'erased';
    const delta = createLedgerDelta(state, record, { isVoid });
    for (const subjectId of ['a', 'erased', 'b']) {
      delta.add(line({ subjectId }));
      await delta.flush();
      delta.add(line({ subjectId, status: 'failed', stored: 'no' }));
    }
    delta.add(line({ subjectId: 'c' }));
    expect(await eventsOf(record)).toEqual([]);
    await delta.commit();
    await delta.discard();
    const events = await eventsOf(record);
    expect(events.map(({ subjectId }) => subjectId)).toEqual(['a', 'b', 'c']);
    expect(events[0]).toMatchObject({ source: '/archive', required: ['liveness'] });
  });

  it('is not written over by a later run of its name', async () => {
    const record = await recordOf();
    for (const subjectId of ['a', 'b']) {
      const delta = createLedgerDelta(state, record, nobodyErased);
      delta.add(line({ subjectId }));
      await delta.commit();
    }
    expect((await eventsOf(record)).map(({ subjectId }) => subjectId).sort()).toEqual(['a', 'b']);
  });

  it.each(['nothing to remember', 'no commit'])('is none where there is %s', async (what) => {
    const record = await recordOf();
    const delta = createLedgerDelta(state, record, nobodyErased);
    if (what === 'no commit') delta.add(line());
    await delta.flush();
    if (what === 'nothing to remember') await delta.commit();
    await delta.discard();
    expect(await state.list(`ledger/${record.account}/deltas`)).toEqual([]);
  });

  it('is held in memory for no longer than to the next flush', async () => {
    const writes: string[] = [];
    const counted: StateStore = {
      ...state,
      async openWriter(path) {
        const writer = await state.openWriter(path);
        return { ...writer, write: (text) => writer.write(text).then(() => void writes.push(text)) };
      },
    };
    const delta = createLedgerDelta(counted, await recordOf(), nobodyErased);
    for (let turn = 0; turn < 3; turn += 1) {
      delta.add(line());
      await delta.flush();
      await delta.flush();
    }
    await delta.commit();
    expect(writes.map((text) => text.trimEnd().split('\n').length)).toEqual([1, 1, 1]);
  });

  it.each<[Pick<Source, 'sameSubject' | 'idsFromPaths'>, Partial<LedgerEvent>]>([
    [{ sameSubject: 'repeat' }, {}],
    [{ sameSubject: 'repeat', idsFromPaths: false }, { idFrom: 'list' }],
    [{ sameSubject: 'collision' }, { idFrom: 'path', folder: '/x' }],
    [
      { sameSubject: 'repeat', idsFromPaths: true },
      { idFrom: 'path', folder: '/x' },
    ],
  ])('says how ids arose, where the source of the run says it: %j', async (source, expected) => {
    const record = await recordOf({ idFrom: '{id}/{photo}.{ext}' }, source);
    const delta = createLedgerDelta(state, record, nobodyErased);
    delta.add(line({ photo: '/x/bob/1.jpg' }));
    await delta.commit();
    const [{ idFrom, folder: given } = {} as LedgerEvent] = await eventsOf(record);
    expect({ ...(idFrom && { idFrom }), ...(given !== undefined && { folder: given }) }).toEqual(expected);
  });
});
