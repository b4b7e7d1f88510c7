import { expect, it, onTestFinished, vi } from 'vitest';
import { type UndoLine, undoSchemaName } from '../../../src/records/undo/undo-line.ts';
import { createUndoWriter, readUndoLines } from '../../../src/runs/undo/undo-files.ts';
import type { StateStore } from '../../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../../helpers/temporary-state.ts';

let state: StateStore;
eachTestHasState((given) => {
  state = given;
});

const lineOf = (reason: 'call-failed' | 'deleted'): UndoLine => ({
  schema: undoSchemaName,
  ...{ run: 'a', seq: 1, subjectId: 'ann', photo: '/ann.jpg', templateId: 'ann' },
  ...{ status: reason === 'deleted' ? 'reversed' : 'impossible', reason, at: new Date(0).toISOString() },
});

it.each([
  ['by one that was started first', true],
  ['after the clock was set back', false],
])('what was done last of a photo counts, also %s', async (_, isStartedFirst) => {
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });
  onTestFinished(() => void vi.useRealTimers());
  const early = createUndoWriter(state, 'a');
  vi.setSystemTime(3_600_000);
  const other = createUndoWriter(state, 'a');
  await other.append([lineOf('call-failed')]);
  await other.close();
  vi.setSystemTime(60_000);
  const last = isStartedFirst ? early : createUndoWriter(state, 'a');
  await last.append([lineOf('deleted')]);
  await last.close();
  const reasons = [];
  for await (const { reason } of readUndoLines(state, 'a')) reasons.push(reason);
  expect(reasons).toEqual(['deleted']);
});
