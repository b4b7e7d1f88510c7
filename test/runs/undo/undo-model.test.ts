import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { UndoLine } from '../../../src/records/undo/undo-line.ts';
import { randomInputs } from '../../helpers/long.ts';
import { type GivenPhoto, type Held, openUndoWorld } from './undo-world.ts';

type World = Awaited<ReturnType<typeof openUndoWorld>>;

const subjects = ['ann', 'bob'];
const photo = fc.record({
  subject: fc.constantFrom(...subjects),
  photo: fc.integer({ min: 0, max: 2 }),
  templateId: fc.constantFrom(undefined, undefined, undefined, 'given-1'),
  ends: fc.constantFrom<GivenPhoto['ends']>(
    'enrolled',
    'enrolled',
    'enrolled',
    'stored-unheard',
    'lost',
    'rejected',
  ),
});
const run = fc.record({
  kind: fc.constant('run' as const),
  photos: fc.array(photo, { minLength: 1, maxLength: 4 }),
  isOver: fc.integer({ min: 0, max: 5 }).map((number) => number > 0),
  isUndoable: fc.boolean(),
});
const undo = fc.record({
  kind: fc.constant('undo' as const),
  which: fc.nat(),
  kills: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3 }),
  failing: fc.constantFrom(undefined, undefined, 2, 3),
});
const step = fc.oneof(
  { weight: 5, arbitrary: run },
  { weight: 4, arbitrary: undo },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('forget' as const), subject: fc.constantFrom(...subjects) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('allow' as const), subject: fc.constantFrom(...subjects) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('change' as const), photo: fc.integer({ min: 0, max: 2 }) }),
  },
);
const histories = fc.record({
  elsewhere: fc.constantFrom(undefined, undefined, 'ann', 'given-1'),
  steps: fc.array(step, { minLength: 4, maxLength: 14 }),
});

/** The call of the run stored nothing, so that what is there is still what another state put there. */
const lostBesideAnotherState = {
  elsewhere: 'ann' as const,
  steps: [
    {
      kind: 'run' as const,
      photos: [{ subject: 'ann', photo: 0, templateId: undefined, ends: 'lost' as const }],
      ...{ isOver: true, isUndoable: false },
    },
    { kind: 'undo' as const, which: 0, kills: [], failing: undefined },
  ],
};

it('undo never touches what another run stored, and each line is true by the engine’s own store', {
  timeout: 600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(histories, async ({ elsewhere, steps }) => {
      const world = await openUndoWorld();
      try {
        if (elsewhere !== undefined)
          world.enrollElsewhere(elsewhere === 'ann' ? world.idOf('ann') : elsewhere);
        let runs = 0;
        const over: string[] = [];
        for (const each of steps) {
          if (each.kind === 'run') {
            runs += 1;
            await world.run(`run-${runs}`, each.photos, each);
            if (each.isOver) over.push(`run-${runs}`);
          } else if (each.kind === 'undo') {
            const id = over[each.which % over.length];
            if (id !== undefined) await undoAndCheck(world, id, each);
          } else if (each.kind === 'compact') await world.compact();
          else if (each.kind === 'change') await world.changePhoto(each.photo);
          else if (each.kind === 'forget') await world.forget(each.subject);
          else await world.allow(each.subject);
        }
      } finally {
        await world.close();
      }
    }),
    { numRuns: randomInputs(5), endOnFailure: true, examples: [[lostBesideAnotherState]] },
  );
});

async function undoAndCheck(
  world: World,
  id: string,
  options: { kills: readonly number[]; failing: number | undefined },
): Promise<void> {
  const before = new Map(world.held);
  const earlier = new Map([...world.truth].map(([template, events]) => [template, events.length]));
  const lines = await world.undo(id, options);
  for (const [template, held] of before) {
    if (held.run !== id) expect(world.held.get(template), `${id} touched ${template}`).toEqual(held);
  }
  for (const [template] of world.held) expect(before.has(template), `${template} came back`).toBe(true);
  for (const line of lines)
    checkLine(world, line, { before, lengthBefore: earlier.get(line.templateId) ?? 0 });
}

function checkLine(
  world: World,
  { run: id, templateId, status, reason, isUnproven }: UndoLine,
  { before, lengthBefore }: { before: ReadonlyMap<string, Held>; lengthBefore: number },
): void {
  const was = before.get(templateId);
  const now = world.held.get(templateId);
  // Lines of an earlier undoing of the same run say nothing of now.
  if (was?.run !== id) return;
  if (status !== 'reversed') {
    // A call may have been made whose answer was lost.
    if (reason !== 'call-failed') expect(now, `${status} ${reason}`).toEqual(was);
    return;
  }
  const events = (world.truth.get(templateId) ?? []).slice(0, lengthBefore);
  const replaced = standing(events).findLast(({ by }) => by !== id)?.held;
  if (reason === 'restored') expect(now).toEqual(replaced);
  else {
    expect(now, reason).toBeUndefined();
    if (!isUnproven) expect(replaced, reason).toBeUndefined();
    else if (replaced) expect(replaced.run).toBe('elsewhere');
  }
}

/** What happened without what was taken back: an undoing leaves what was there before the run, or nothing at all. */
function standing(events: readonly { readonly by: string; readonly held: Held | undefined }[]) {
  let left: (typeof events)[number][] = [];
  for (const event of events) {
    if (event.by.startsWith('undo ') && event.held === undefined) left = [];
    else if (event.by.startsWith('undo ')) left = left.filter(({ by }) => `undo ${by}` !== event.by);
    else left.push(event);
  }
  return left;
}
