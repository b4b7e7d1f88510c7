import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/records/decisions/decision.ts';
import { cropBetween, editOf, moved, wholePicture } from '../../web/src/review/crop.ts';
import {
  countDecisions,
  type Desk,
  type DeskEvent,
  deskAfter,
  emptyDesk,
  isSaved,
} from '../../web/src/review/desk.ts';
import { commandOf, deskKeys } from '../../web/src/review/keys.ts';

const deskWith = (...events: DeskEvent[]): Desk => events.reduce(deskAfter, emptyDesk);
const retry = (seq: number) => ({ seq, action: 'retry' as const });
const first = retry(1);
const firstChosen: DeskEvent = { kind: 'chosen', choices: [first] };
const sent: DeskEvent = { kind: 'sent', choices: [first] };
const chosen = (seq: number): DeskEvent => ({ kind: 'chosen', choices: [retry(seq)] });
const decision = (seq: number, action: Decision['action'], by = 'Ann'): Decision => ({
  ...{ schema: 'rollcall.decision/1' as const, seq, action, by },
  at: '2026-11-28T10:00:00.000Z',
});

describe('the decisions of a review desk', () => {
  it('stand on the page at once and are saved when the server says so', () => {
    const waiting = deskWith(chosen(1), chosen(2));
    expect([waiting.decided.size, isSaved(waiting)]).toEqual([2, false]);
    const sending = deskAfter(waiting, { kind: 'sent', choices: waiting.waiting });
    expect([sending.sending.length, sending.waiting.length, isSaved(sending)]).toEqual([2, 0, false]);
    const saved = deskAfter(sending, {
      kind: 'saved',
      decisions: [decision(1, 'retry'), decision(2, 'retry')],
    });
    expect(isSaved(saved)).toBe(true);
    expect(saved.decided.get(1)).toEqual({ seq: 1, action: 'retry', by: 'Ann' });
  });

  it('are sent again where that failed, the latest of each photo once', () => {
    const failed = deskWith(
      firstChosen,
      sent,
      { kind: 'chosen', choices: [{ seq: 1, action: 'hand-on' }] },
      chosen(2),
      {
        kind: 'failed',
        problem: 'gone',
      },
    );
    expect(failed.waiting).toEqual([{ seq: 1, action: 'hand-on' }, retry(2)]);
    expect([failed.problem, isSaved(failed)]).toEqual(['gone', false]);
    expect(deskWith(firstChosen, sent, { kind: 'saved', decisions: [] }).problem).toBeUndefined();
  });

  it('are not taken for sent where they were made while others were put together', () => {
    const desk = deskWith(firstChosen, chosen(2), sent, { kind: 'saved', decisions: [decision(1, 'retry')] });
    expect([desk.waiting, isSaved(desk)]).toEqual([[retry(2)], false]);
  });

  it('are seen of others, but one that was made here and is not saved stays', () => {
    const desk = deskWith(chosen(1), {
      kind: 'loaded',
      decisions: [decision(1, 'leave-out', 'Bob'), decision(2, 'hand-on', 'Bob')],
    });
    expect(desk.decided.get(1)).toEqual(retry(1));
    expect(desk.decided.get(2)).toEqual({ seq: 2, action: 'hand-on', by: 'Bob' });
  });

  it('are undone one by one, to what stood before', () => {
    const loaded: DeskEvent = { kind: 'loaded', decisions: [decision(1, 'hand-on')] };
    const once = deskWith(loaded, chosen(1), chosen(2), { kind: 'undone' });
    expect(once.decided.get(2)?.action).toBe('undecided');
    const twice = deskAfter(once, { kind: 'undone' });
    expect(twice.decided.get(1)).toEqual({ seq: 1, action: 'hand-on' });
    expect(twice.waiting).toEqual([
      { seq: 1, action: 'hand-on' },
      { seq: 2, action: 'undecided' },
    ]);
    expect(deskAfter(twice, { kind: 'undone' })).toBe(twice);
  });

  it('are counted by what they are; undecided is none', () => {
    const desk = deskWith(chosen(1), chosen(2), chosen(3), { kind: 'undone' });
    expect([...countDecisions(desk)]).toEqual([['retry', 2]]);
  });
});

describe('the keys of a review desk', () => {
  const press = (key: string, more = {}) =>
    commandOf({ key, ctrlKey: false, metaKey: false, altKey: false, focus: 'BODY', ...more });

  it('do what its help says', () => {
    for (const [key, { command }] of Object.entries(deskKeys)) expect(press(key)).toBe(command);
    expect(press('ArrowDown')).toBe('next');
    expect(press('ArrowUp')).toBe('previous');
  });

  it('leave to the browser what is its own, and to a field what is written into it', () => {
    expect(press('r', { ctrlKey: true })).toBeUndefined();
    expect(press('r', { metaKey: true })).toBeUndefined();
    expect(press('h', { altKey: true })).toBeUndefined();
    expect(press('r', { focus: 'INPUT' })).toBeUndefined();
    expect(press('toString')).toBeUndefined();
    expect(press('x')).toBeUndefined();
  });
});

describe('a crop', () => {
  it('is the frame between two points in any order, within the picture', () => {
    expect(cropBetween({ x: 0.8, y: 0.9 }, { x: 0.2, y: 0.1 })).toEqual({
      left: 0.2,
      top: 0.1,
      width: 0.6,
      height: 0.8,
    });
    expect(cropBetween({ x: -1, y: 0.5 }, { x: 2, y: 2 })).toEqual({
      left: 0,
      top: 0.5,
      width: 1,
      height: 0.5,
    });
    expect(cropBetween({ x: 1, y: 1 }, { x: 1, y: 1 })).toEqual({
      left: 0.95,
      top: 0.95,
      width: 0.05,
      height: 0.05,
    });
  });

  it('stays within the picture when a number changes', () => {
    expect(moved({ left: 0.5, top: 0, width: 0.5, height: 1 }, { width: 0.9 })).toEqual({
      left: 0.1,
      top: 0,
      width: 0.9,
      height: 1,
    });
  });

  it('is sent only where it changes something', () => {
    expect(editOf(0, wholePicture)).toBeUndefined();
    expect(editOf(90, wholePicture)).toEqual({ rotate: 90 });
    const crop = { left: 0.1, top: 0, width: 0.9, height: 1 };
    expect(editOf(0, crop)).toEqual({ rotate: 0, crop });
  });
});
