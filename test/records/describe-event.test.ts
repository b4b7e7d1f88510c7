import { expect, it } from 'vitest';
import { describeEvent } from '../../src/records/describe-event.ts';
import { eventLine, pauseCauses, type RunHappening } from '../../src/records/run-events.ts';

const happenings: readonly RunHappening[] = [
  ...(
    ['started', 'resumed', 'took-over', 'throttled', 'engine-down', 'engine-up', 'interrupted'] as const
  ).map((kind) => ({ kind })),
  ...pauseCauses.map((cause) => ({ kind: 'paused' as const, cause })),
  { kind: 'fault', code: 'state' },
  { kind: 'fault', code: 'queue' },
  { kind: 'ended', state: 'finished' },
  { kind: 'ended', state: 'cancelled' },
];
const describe = (happening: RunHappening) => describeEvent(JSON.parse(eventLine(happening)));

it('no two things that happen to a run are told in the same words', () => {
  const told = happenings.map(describe);
  for (const words of told) expect(words).toMatch(/^(?!.*undefined)[a-z]/);
  expect(new Set(told).size).toBe(happenings.length);
});

it('what went wrong is named', () => {
  expect(describe({ kind: 'fault', code: 'state' })).toContain('(state)');
  expect(describe({ kind: 'paused', cause: 'budget' })).toMatch(/^paused: .*budget/);
  expect(describe({ kind: 'ended', state: 'cancelled' })).toBe('cancelled');
});
