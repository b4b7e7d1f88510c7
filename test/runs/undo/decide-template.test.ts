import { expect, it } from 'vitest';
import { createUndoWatch } from '../../../src/account/undo-hold.ts';
import type { LedgerEvent } from '../../../src/ledger/ledger-event.ts';
import { decideTemplate, type TemplateQuestion } from '../../../src/runs/undo/decide-template.ts';
import { markOfEvent } from '../../../src/runs/undo/template-history.ts';
import { createMemoryLeases } from '../../account/memory-leases.ts';
import { timeAt } from '../../ledger/ledger-events.ts';

const event = (run: string | undefined, minute: number, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
  schema: 'rollcall.ledger/1',
  ...{ kind: 'enrolled', subjectId: 'ann', photo: '/1.jpg', sha256: 'aa', at: timeAt(minute), source: '/s' },
  ...(run !== undefined && { run }),
  ...more,
});
const line = {
  ...{ seq: 1, subjectId: 'ann', photo: '/1.jpg', templateId: 'T', finishedAt: timeAt(2) },
  stored: 'yes' as const,
  ...{ replaced: undefined, version: undefined, sha256: 'aa', warnings: undefined, error: undefined },
};
const lost = { ...line, stored: 'unknown' as const };
const decide = (events: readonly LedgerEvent[], more: Partial<TemplateQuestion> = {}) =>
  decideTemplate({
    ...{ run: 'r', lines: [line], marks: events.map(markOfEvent), idFrom: 'subject' },
    ...{ isForgotten: false, isEarlierForgotten: () => false, canDelete: true },
    ...more,
  });

it.each<[string, readonly LedgerEvent[], Partial<TemplateQuestion>, object]>([
  ['nothing earlier is known', [event('r', 2)], {}, { kind: 'delete', isUnproven: true }],
  [
    'no answer came, and nothing earlier is known',
    [event('r', 2, { kind: 'unclear' })],
    { lines: [lost] },
    { reason: 'unclear-call' },
  ],
  [
    'no answer came from an engine that said that it was free',
    [event('r', 2, { kind: 'unclear' })],
    { lines: [{ ...lost, replaced: 'none' }] },
    { kind: 'delete', isUnproven: false },
  ],
  [
    'no answer came, and what was before was undone',
    [event('q', 1, { kind: 'undone', replaced: 'none' }), event('r', 2, { kind: 'unclear' })],
    { lines: [lost] },
    { kind: 'delete', isUnproven: false },
  ],
  [
    'no answer came the second time',
    [event('r', 2), event('r', 3, { kind: 'unclear' })],
    { lines: [line, { ...lost, finishedAt: timeAt(3) }] },
    { kind: 'delete', isUnproven: true },
  ],
  [
    'the answered one of two was written before a kill',
    [event('r', 2), event('r', 3, { kind: 'unclear' })],
    { lines: [{ ...lost, finishedAt: timeAt(3) }] },
    { kind: 'delete', isUnproven: true },
  ],
  ['another run was before', [event('q', 1), event('r', 2)], {}, { kind: 'restore', earlier: event('q', 1) }],
  ['another run came after', [event('r', 2), event('q', 3)], {}, { kind: 'kept', by: 'q' }],
  ['one of an unknown version came after', [event('r', 2), event(undefined, 3)], {}, { kind: 'kept' }],
  ['it was only seen again', [event('r', 2), event('q', 2, { seenAt: timeAt(9) })], {}, { kind: 'delete' }],
  ['its event names no run', [event(undefined, 2)], {}, { reason: 'earlier-version' }],
  ['the ledger is gone', [], {}, { reason: 'not-in-ledger' }],
  ['another run is to do it', [event('r', 2)], { awaitedBy: 'q' }, { kind: 'kept', by: 'q' }],
  ['the list gave the id', [event('r', 2)], { idFrom: 'list' }, { reason: 'given-id' }],
  ['the engine gave the id', [event('r', 2)], { idFrom: 'engine' }, { reason: 'engine-id' }],
  ['it cannot be deleted', [event('r', 2)], { canDelete: false }, { reason: 'no-deletion' }],
  [
    'the engine said that it was free',
    [event('q', 1), event('r', 2)],
    { idFrom: 'list', lines: [{ ...line, replaced: 'none' }] },
    { kind: 'delete', isUnproven: false },
  ],
  [
    'the engine said that it was taken',
    [event('r', 2)],
    { lines: [{ ...line, replaced: 'some' }] },
    { reason: 'unknown-before' },
  ],
  [
    'a call without an answer was before',
    [event('q', 1, { kind: 'unclear' }), event('r', 2)],
    {},
    { reason: 'earlier-unclear' },
  ],
  [
    'the earlier one was sent by its address',
    [event('q', 1, { sha256: undefined }), event('r', 2)],
    {},
    { reason: 'earlier-without-hash' },
  ],
  [
    'another run is undone since, and this one restored',
    [event('p', 1), event('r', 2), event('q', 3, { kind: 'undone', replaced: 'some' }), event('r', 4)],
    {},
    { kind: 'restore', earlier: event('p', 1) },
  ],
  [
    'what was before was undone before',
    [event('q', 1), event('q', 1, { kind: 'undone', replaced: 'none', at: timeAt(1.5) }), event('r', 2)],
    { idFrom: 'list' },
    { kind: 'delete', isUnproven: false },
  ],
  ['it is undone already', [event('r', 2), event('r', 3, { kind: 'undone' })], {}, { kind: 'gone' }],
  ['the person is forgotten', [event('r', 2)], { isForgotten: true }, { reason: 'forgotten' }],
  [
    'the earlier person is forgotten',
    [event('q', 1), event('r', 2)],
    { isEarlierForgotten: () => true },
    { reason: 'earlier-forgotten' },
  ],
])('is decided where %s', (_, events, more, expected) => {
  expect(decide(events, more)).toMatchObject(expected);
  expect(decide([...events].reverse(), more)).toMatchObject(expected);
});

it('no photo is enrolled while a run of its account is undone', async () => {
  const leases = createMemoryLeases();
  const { signal } = new AbortController();
  const lease = { key: 'undo-a', holder: 'elsewhere', durationInMs: 60_000, minEpoch: 0 };
  await leases.acquire(lease);
  await expect(createUndoWatch(leases, 'a').assertFree(signal)).rejects.toThrow('being undone');
  await createUndoWatch(leases, 'b').assertFree(signal);
});
