import { afterEach, beforeEach, expect, test } from 'vitest';
import { decidePhotos } from '../../src/conductor/decide-photos.ts';
import type { ForgottenPhotos } from '../../src/conductor/forgotten-photos.ts';
import { openKeptTemplates, openLedgerLookup } from '../../src/conductor/ledger-lookup.ts';
import { templateIdOf } from '../../src/engines/registry.ts';
import { type LedgerEvent, ledgerSchemaName } from '../../src/ledger/ledger-event.ts';
import { deltaPath } from '../../src/ledger/ledger-files.ts';
import { refreshSnapshot } from '../../src/ledger/snapshot/refresh-snapshot.ts';
import type { ManifestLine } from '../../src/records/manifest.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

const signal = new AbortController().signal;
const base = { account: 'account', engine: 'ooto', signal };
const ofId = (subjectId: string) => templateIdOf({ engine: 'ooto', subjectId });

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder.remove());

const enrolled = (subjectId: string, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
  schema: ledgerSchemaName,
  kind: 'enrolled',
  subjectId,
  photo: '/a/1.jpg',
  version: 'v1',
  templateId: ofId(subjectId),
  at: '2026-01-01T00:00:00.000Z',
  source: '/a',
  ...more,
});

async function decide(
  lines: readonly Omit<ManifestLine, 'seq'>[],
  events: readonly LedgerEvent[],
  {
    isForgotten = (_: string): boolean => false,
    incremental = false,
    batchSize = 100,
    bySnapshot = false,
  } = {},
) {
  const state = createLocalStateStore(folder.path);
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  await state.write(deltaPath('account', { run: 'before', epoch: 1 }), text);
  const when = { fewestBytes: 0, dropsGone: true };
  if (bySnapshot) await refreshSnapshot(state, { account: 'account', when });
  const forgotten: ForgottenPhotos = {
    lookAgain: async () => {},
    outcomeOf: ({ subjectId = '' }) =>
      isForgotten(subjectId) ? { status: 'skipped', reason: 'forgotten' } : undefined,
  };
  const photos = lines.map((line, index) => ({ line: { photo: '/a/1.jpg', ...line, seq: index + 1 } }));
  const settings = {
    ...{ sameSubject: 'repeat' as const, repeat: 'each' as const, require: [] },
    ...{ incremental: true, idFrom: '{id}.{ext}', replace: false },
  };
  const decided = decidePhotos({
    ...settings,
    list: async function* () {
      for (let at = 0; at < photos.length; at += batchSize) yield photos.slice(at, at + batchSize);
    },
    forgotten,
    openKeptTemplates: () => openKeptTemplates({ state, ...base }),
    openLedgerLookup: incremental ? () => openLedgerLookup({ state, ...base, settings }) : undefined,
  });
  const found: string[] = [];
  for await (const batch of decided)
    for (const { photo, decision } of batch)
      found.push(
        decision.kind === 'settle' ? (decision.outcome.reason ?? '') : (photo.line.templateId ?? 'own'),
      );
  return found;
}

const spaced = { subjectId: 'e1', writtenId: ' e1' };

test.each<[string, Omit<ManifestLine, 'seq'>[], LedgerEvent[], string[]]>([
  ['a subject that nobody knows has its own template', [spaced], [], ['own']],
  ['one that is known with blanks keeps that template', [spaced], [enrolled(' e1')], [ofId(' e1')]],
  ['with other blanks, too', [spaced], [enrolled('e1\u00a0')], [ofId('e1\u00a0')]],
  [
    'a template id that the list gave then',
    [spaced],
    [enrolled(' e1', { templateId: 't', templateIdFrom: 'manifest' })],
    ['t'],
  ],
  [
    'not one that the engine chose',
    [spaced],
    [enrolled(' e1', { templateId: 't', templateIdFrom: 'engine' })],
    [ofId(' e1')],
  ],
  [
    'the newest of several',
    [spaced],
    [enrolled(' e1', { at: '2026-01-02T00:00:00.000Z' }), enrolled('e1 ')],
    [ofId(' e1')],
  ],
  [
    'the id that the row gives comes first',
    [{ ...spaced, templateId: 'given' }],
    [enrolled(' e1')],
    ['given'],
  ],
  ['somebody else is somebody else', [spaced], [enrolled(' e2'), enrolled('e 1')], ['own']],
  [
    'what was certainly not stored is no template',
    [spaced],
    [enrolled(' e1', { kind: 'rejected', stored: 'no' })],
    ['own'],
  ],
  [
    'the same subject behind it without blanks',
    [spaced, { subjectId: 'e1' }],
    [enrolled(' e1')],
    [ofId(' e1'), ofId(' e1')],
  ],
  ['a list without blanks asks nobody', [{ subjectId: 'e1' }], [enrolled(' e1')], ['own']],
])('%s', async (_, lines, events, expected) => {
  expect(await decide(lines, events)).toEqual(expected);
  expect(await decide(lines, events, { bySnapshot: true })).toEqual(expected);
});

test('what is decided does not hang on how the list is cut into batches', async () => {
  const lines = [{ subjectId: 'e1' }, { subjectId: 'e2' }, spaced, { subjectId: 'e1' }];
  const expected = ['own', 'own', ofId(' e1'), ofId(' e1')];
  for (const batchSize of [1, 2, 3, 4])
    expect(await decide(lines, [enrolled(' e1')], { batchSize })).toEqual(expected);
});

test('a subject that is enrolled with blanks is unchanged without them', async () => {
  const line = { ...spaced, version: 'v1' };
  for (const bySnapshot of [false, true])
    expect(await decide([line], [enrolled(' e1')], { incremental: true, bySnapshot })).toEqual(['unchanged']);
  expect(await decide([{ ...line, version: 'v2' }], [enrolled(' e1')], { incremental: true })).toEqual([
    ofId(' e1'),
  ]);
  const since = enrolled('e1', { templateId: ofId(' e1'), templateIdFrom: 'manifest', version: 'v2' });
  expect(await decide([{ ...line, version: 'v2' }], [enrolled(' e1'), since], { incremental: true })).toEqual(
    ['unchanged'],
  );
});

test.each([' e1', 'e1'])('a subject that was forgotten as %j stays forgotten', async (id) => {
  expect(await decide([spaced], [], { isForgotten: (subjectId) => subjectId === id })).toEqual(['forgotten']);
});
