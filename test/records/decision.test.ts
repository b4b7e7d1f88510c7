import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Decision,
  decisionActions,
  flawOf,
  mergeDecisions,
  parseDecision,
} from '../../src/records/decisions/decision.ts';
import {
  changeDecisions,
  createDecisionReader,
  decisionsFolder,
  readDecisions,
  saveDecisions,
} from '../../src/records/decisions/decision-files.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

/** Few photos, few moments, few writers: many decisions of one photo in one millisecond. */
const decisions: fc.Arbitrary<Decision> = fc.record({
  schema: fc.constant('rollcall.decision/1' as const),
  seq: fc.integer({ min: 1, max: 4 }),
  action: fc.constantFrom(...decisionActions),
  by: fc.constantFrom('ann', 'bob', 'cleo'),
  at: fc.integer({ min: 0, max: 3 }).map((ms) => new Date(1_700_000_000_000 + ms).toISOString()),
});

const decisionOf = (seq: number, more: Partial<Decision> = {}): Decision => ({
  schema: 'rollcall.decision/1',
  seq,
  action: 'retry',
  by: 'ann',
  at: '2026-11-22T01:02:03.000Z',
  ...more,
});

async function withState(use: (state: ReturnType<typeof createLocalStateStore>) => Promise<void>) {
  const folder = await makeTemporaryFolder();
  try {
    await use(createLocalStateStore(folder.path));
  } finally {
    await folder.remove();
  }
}

describe('decisions', () => {
  it('are the same to all readers, in whichever order they find them, and none is older than another', () => {
    const shuffled = fc
      .array(decisions, { maxLength: 20 })
      .chain((lines) =>
        fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length })),
      );
    fc.assert(
      fc.property(shuffled, ([lines, others]) => {
        const merged = mergeDecisions(lines);
        expect(mergeDecisions(others)).toEqual(merged);
        // What was read in part and merged again is no other.
        const half = lines.slice(0, lines.length / 2);
        const again = mergeDecisions([...lines, ...mergeDecisions(half).values()]);
        expect(again).toEqual(merged);
        for (const line of lines) expect((merged.get(line.seq)?.at ?? '') >= line.at).toBe(true);
        expect(new Set(merged.keys())).toEqual(new Set(lines.map(({ seq }) => seq)));
      }),
    );
  });

  it('are read from the files of all writers; lines that this version does not know are passed over', async () => {
    await withState(async (state) => {
      await saveDecisions(state, 'r', [decisionOf(1), decisionOf(2, { action: 'hand-on' })]);
      await saveDecisions(state, 'r', [
        decisionOf(1, { action: 'undecided', at: '2026-11-22T01:02:04.000Z' }),
      ]);
      const other = JSON.stringify(decisionOf(2, { at: '2027-01-01T00:00:00.000Z' })).replace('/1', '/2');
      const torn = JSON.stringify(decisionOf(3)).slice(0, 40);
      await state.write(`${decisionsFolder('r')}/other~host-1.jsonl`, `${other}\n\n[]\n"x"\n${torn}`);
      const found = await readDecisions(state, 'r');
      expect([...found.values()].map(({ seq, action }) => [seq, action]).sort()).toEqual([
        [1, 'undecided'],
        [2, 'hand-on'],
      ]);
      await state.write(
        `${decisionsFolder('r')}/other~host-2.jsonl.abc.tmp`,
        `${JSON.stringify(decisionOf(4))}\n`,
      );
      expect((await readDecisions(state, 'r')).size).toBe(2);
      expect(await readDecisions(state, 'none')).toEqual(new Map());
    });
  });

  it('are added to one file of this process; many at once are a file of their own', async () => {
    await withState(async (state) => {
      await Promise.all([1, 2, 3].map((seq) => saveDecisions(state, 'r', [decisionOf(seq)])));
      await saveDecisions(state, 'r', []);
      expect(await state.list(decisionsFolder('r'))).toHaveLength(1);
      expect([...(await readDecisions(state, 'r')).keys()].sort()).toEqual([1, 2, 3]);
      const many = Array.from({ length: 100 }, (_, at) => decisionOf(at + 1));
      await saveDecisions(state, 'r', many);
      await saveDecisions(state, 'r', many);
      const names = (await state.list(decisionsFolder('r'))).map(({ name }) => name);
      expect(names).toHaveLength(3);
      for (const name of names) expect(name).toMatch(/^[\w.~-]+-\d+\.jsonl$/);
    });
  });

  it('are on S3 an object a save, which is never written to again', async () => {
    await withState(async ({ bytes: _, ...withoutPlaces }) => {
      for (const seq of [1, 2, 3]) await saveDecisions(withoutPlaces, 'r', [decisionOf(seq)]);
      expect(await withoutPlaces.list(decisionsFolder('r'))).toHaveLength(3);
    });
  });

  it('are read on from where they were read to; what was taken out is known no more', async () => {
    await withState(async (state) => {
      const reader = createDecisionReader(state);
      await saveDecisions(state, 'r', [decisionOf(1), decisionOf(2, { reason: 'of ann' })]);
      expect((await reader.read('r')).size).toBe(2);
      await saveDecisions(state, 'r', [
        decisionOf(3),
        decisionOf(1, { at: '2026-11-22T01:02:03.001Z', by: 'bob' }),
      ]);
      expect((await reader.read('r')).get(1)?.by).toBe('bob');
      const isOne = (text: string) => parseDecision(text)?.seq === 1;
      await changeDecisions(state, 'r', (text) =>
        isOne(text) ? undefined : text.replace('"of ann"', '"of somebody with a longer name"'),
      );
      for (const one of [reader, createDecisionReader(state)]) {
        const left = await one.read('r');
        expect([...left.keys()].sort()).toEqual([2, 3]);
        expect(left.get(2)?.reason).toBe('of somebody with a longer name');
      }
      for (const { name } of await state.list(decisionsFolder('r')))
        expect(String(await state.read(`${decisionsFolder('r')}/${name}`))).not.toMatch(/bob|of ann/);
    });
  });

  it('are not lost while others are taken out', async () => {
    await withState(async (state) => {
      const reader = createDecisionReader(state);
      for (let seq = 1; seq <= 40; seq += 1) {
        const saves = [
          saveDecisions(state, 'r', [decisionOf(seq)]),
          saveDecisions(state, 'r', [decisionOf(1_000)]),
        ];
        const isToGo = (text: string) => parseDecision(text)?.seq === 1_000;
        await changeDecisions(state, 'r', (text) => (isToGo(text) ? undefined : text));
        await Promise.all([...saves, reader.read('r')]);
      }
      const left = [...(await reader.read('r')).keys()].filter((seq) => seq !== 1_000);
      expect(left.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
      expect(await readDecisions(state, 'r')).toEqual(await reader.read('r'));
    });
  });

  it.each([
    [{ upload: '../../run' }],
    [{ upload: 'a/b' }],
    [{ upload: '' }],
    [{ action: 'enroll' }],
    [{ seq: 0 }],
    [{ by: '' }],
    [{ edit: { rotate: 45 } }],
    [{ edit: { rotate: 0, crop: { left: 0.5, top: 0, width: 0.6, height: 1 } } }],
    [{ edit: { rotate: 0, crop: { left: 0, top: 0.5, width: 1, height: 0.6 } } }],
    [{ edit: { rotate: 0, crop: { left: 0.7, top: 0, width: 0.300002, height: 1 } } }],
    [{ edit: { rotate: 0, crop: { left: 0, top: 0.7, width: 1, height: 0.300002 } } }],
    [{ edit: { rotate: 0, crop: { left: 0, top: 0, width: 0, height: 1 } } }],
    [{ edit: { rotate: 0, crop: { left: -0.1, top: 0, width: 1, height: 1 } } }],
    [{ at: 'yesterday' }],
  ])('cannot say %j', (more) => {
    expect(parseDecision(JSON.stringify({ ...decisionOf(1), ...more }))).toBeUndefined();
  });

  it.each([
    { left: 0, top: 0, width: 1, height: 1 },
    { left: 0.1, top: 0.2, width: 0.3, height: 0.8 },
    // Shares that were rounded do not add up.
    { left: 0.7, top: 0.7, width: 0.3000005, height: 0.3000005 },
  ])('can say that %j is cut out', (crop) => {
    const decision = decisionOf(1, { action: 'edit', edit: { rotate: 0, crop } });
    expect(parseDecision(JSON.stringify(decision))).toEqual(decision);
    expect(flawOf(decision)).toBeUndefined();
  });

  it.each([
    [{ action: 'retry' }, undefined],
    [{ action: 'retry', upload: 'a' }, 'takes no file'],
    [{ action: 'retry-file' }, 'needs a file'],
    [{ action: 'retry-file', upload: 'a' }, undefined],
    [{ action: 'edit' }, 'needs rotate or crop'],
    [{ action: 'edit', edit: { rotate: 0 } }, 'needs rotate or crop'],
    [{ action: 'edit', edit: { rotate: 90 } }, undefined],
    [{ action: 'hand-on', edit: { rotate: 90 } }, 'takes no rotate'],
    [{ action: 'leave-out' }, 'needs a reason'],
    [{ action: 'leave-out', reason: 'left the company' }, undefined],
  ] as const)('%j: %s', (decision, flaw) => {
    if (flaw === undefined) expect(flawOf(decision)).toBeUndefined();
    else expect(flawOf(decision)).toContain(flaw);
  });
});
