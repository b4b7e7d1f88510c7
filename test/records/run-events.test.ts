import { expect, it } from 'vitest';
import { describeEvents } from '../../src/cli/text/describe-events.ts';
import { createEventLog } from '../../src/conductor/event-log.ts';
import { eventLine, eventsPath, pauseCauses, readRunEvents } from '../../src/records/run-events.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { fresh, now, stateOf } from '../account/account-states.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

let state: StateStore;
eachTestHasState((made) => {
  state = made;
});

const at = (second: number) => new Date(Date.UTC(2026, 10, 28, 15, 0, second));
const logOf = (epoch: number, given: Partial<Parameters<typeof createEventLog>[0]> = {}) =>
  createEventLog({
    state,
    runId: 'r1',
    writer: 'host~boot~1:42:7',
    epoch,
    log: { debug: () => {} },
    ...given,
  });
const kinds = async () => (await readRunEvents(state, 'r1')).map(({ kind }) => kind);

it('events of several processes are read in the order of time; what is torn or of a later version is passed over', async () => {
  const files: Record<string, string> = {
    [eventsPath('r1', { writer: 'host:1:1', epoch: 1 })]:
      eventLine({ kind: 'started' }, at(1)) +
      eventLine({ kind: 'engine-down' }, at(3)) +
      '{"schema":"rollcall.ev',
    [eventsPath('r1', { writer: '../../evil/\n', epoch: 2 })]:
      eventLine({ kind: 'took-over' }, at(4)) +
      `${JSON.stringify({ schema: 'rollcall.event/1', at: at(4), kind: 'of-a-later-version' })}\n` +
      eventLine({ kind: 'ended', state: 'finished' }, at(5)),
    [eventsPath('r1', { writer: 'worker', epoch: 1 })]: eventLine({ kind: 'throttled' }, at(2)),
  };
  for (const [path, text] of Object.entries(files)) {
    expect(path).toMatch(/^runs\/r1\/events\/[\w.~-]+-\d\.jsonl$/);
    await state.write(path, text);
  }
  expect(await kinds()).toEqual(['started', 'throttled', 'engine-down', 'took-over', 'ended']);
  expect(await readRunEvents(state, 'none')).toEqual([]);
});

it('events of one moment stay in the order in which they were written', async () => {
  const kindsOf = ['started', 'throttled', 'engine-down', 'engine-up', 'interrupted'] as const;
  const text = kindsOf.map((kind) => eventLine({ kind }, at(1))).join('');
  await state.write(eventsPath('r1', { writer: 'one', epoch: 1 }), text);
  expect(await kinds()).toEqual(kindsOf);
});

it('each take-over writes a file of its own; what was over before it was noticed is noted as of then', async () => {
  const first = logOf(1);
  first.noteAccount({ state: fresh, now });
  first.note({ kind: 'started' });
  const outage = { since: now + 60_000, endedAt: now + 120_000 };
  first.noteAccount({ state: stateOf({ outage }), now: now + 180_000 });
  first.note({ kind: 'paused', cause: 'account-throttled' });
  await first.close();
  const second = logOf(2);
  second.note({ kind: 'resumed' });
  await second.close();
  expect(await kinds()).toEqual(['engine-down', 'engine-up', 'started', 'paused', 'resumed']);
  expect((await state.list('runs/r1/events')).map(({ name }) => name)).toEqual([
    'host~boot~1~42~7-1.jsonl',
    'host~boot~1~42~7-2.jsonl',
  ]);
});

it('a run goes on where they cannot be written', async () => {
  const said: unknown[] = [];
  const log = { debug: (facts: unknown) => void said.push(facts) };
  const openAppender = () => Promise.reject(new Error('the disk is full'));
  const events = logOf(1, { state: { ...state, openAppender }, log });
  events.note({ kind: 'started' });
  events.note({ kind: 'ended', state: 'finished' });
  await events.close();
  expect(said).toEqual([{ run: 'r1', reason: 'the disk is full' }]);
});

it('people read them as a list, the latest of many', () => {
  const paused = pauseCauses.map((cause, index) => eventLine({ kind: 'paused', cause }, at(index)));
  const many = Array.from({ length: 30 }, (_, index) =>
    eventLine({ kind: 'fault', code: '\u001b[2J' }, at(index)),
  );
  const shown = (lines: readonly string[]) =>
    describeEvents(lines.map((line) => JSON.parse(line))).map((spans) =>
      spans.map(({ text }) => text).join(''),
    );
  expect(shown([])).toEqual([]);
  expect(shown(paused)).toHaveLength(1 + pauseCauses.length);
  expect(shown(many)[0]).toBe('EVENTS (10 earlier)');
  expect(shown(many).at(-1)).toMatch(/^ {2}2026-11-28 \d\d:00:29 {2}ended by a fault \(\\u001b\[2J\)$/);
});
