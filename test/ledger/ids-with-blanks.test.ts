import { describe, expect, it } from 'vitest';
import { readTemplatesOfIdsWithBlanks } from '../../src/ledger/ids-with-blanks.ts';
import type { LedgerEvent } from '../../src/ledger/ledger-event.ts';
import { deltaPath } from '../../src/ledger/ledger-files.ts';
import { refreshSnapshot } from '../../src/ledger/snapshot/refresh-snapshot.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { timeAt } from './ledger-events.ts';
import { nobodyErased } from './ledger-on-disk.ts';

const account = 'account';
const { signal } = new AbortController();
let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

const event = (subjectId: string, templateId: string, minute: number): LedgerEvent => ({
  schema: 'rollcall.ledger/1',
  ...{ kind: 'enrolled', subjectId, templateId, photo: '/1.jpg', at: timeAt(minute), source: '/s' },
});
const add = (run: string, events: readonly LedgerEvent[]) =>
  state.write(
    deltaPath(account, { run, epoch: 1 }),
    events.map((each) => `${JSON.stringify(each)}\n`).join(''),
  );
const read = (on: StateStore = state) =>
  readTemplatesOfIdsWithBlanks(on, { account, engine: 'ooto', erased: nobodyErased, signal });

it('who was enrolled with blanks around the id keeps the newest template, in whatever order it is read', async () => {
  const events = [event(' a', 'T1', 1), event('a ', 'T3', 3), event('\u00a0a', 'T2', 2), event('b', 'T4', 4)];
  for (const [run, told] of [events, [...events].reverse()].entries()) {
    await add(`${run}`, told);
    const templateOf = await read();
    expect(['a', 'b', 'c'].map(templateOf)).toEqual(['T3', undefined, undefined]);
    await state.remove(deltaPath(account, { run: `${run}`, epoch: 1 }));
  }
});

describe('the lines that a snapshot speaks for', () => {
  it.each([
    ['are not read where it knows of no such id', 'a', []],
    ['are read where it knows of one', ' a', ['one-1.jsonl']],
  ])('%s', async (_, subjectId, expected) => {
    await add('one', [event(subjectId, 'T1', 1)]);
    await refreshSnapshot(state, { account, when: { fewestBytes: 0, dropsGone: true }, signal });
    await add('two', [event(' b', 'T2', 1)]);
    const lines: string[] = [];
    const templateOf = await read({
      ...state,
      readLines(path, options) {
        lines.push(path.replace(/.*\//, ''));
        return state.readLines(path, options);
      },
    });
    expect(lines.sort()).toEqual([...expected, 'two-1.jsonl']);
    expect([templateOf('a'), templateOf('b')]).toEqual([expected.length > 0 ? 'T1' : undefined, 'T2']);
  });
});
