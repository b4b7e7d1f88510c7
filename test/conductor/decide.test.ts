import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createDecider,
  createSubjectIndex,
  type DecideOptions,
  type Decision,
  templateIdsOf,
} from '../../src/conductor/decide.ts';
import { decidePhotos } from '../../src/conductor/decide-photos.ts';
import { templateIdOf } from '../../src/engines/registry.ts';
import type { ManifestLine } from '../../src/records/manifest.ts';
import { randomInputs } from '../helpers/long.ts';

/** The first is written in two forms of Unicode: one subject. */
const subjects = ['Zoë'.normalize('NFC'), 'Zoë'.normalize('NFD'), 'a', 'b', 'c', 'A'];

const lines = fc
  .array(
    fc.record(
      {
        subjectId: fc.constantFrom(...subjects),
        photo: fc.constantFrom('/1.jpg', '/2.jpg'),
        templateId: fc.constantFrom('T1', 'T2', 'T3'),
        problem: fc.constant('row 3: id is empty'),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 40 },
  )
  .map((rows) =>
    rows.map((row, index): ManifestLine => {
      const { problem, ...rest } = row;
      // Problems are rare, or there would be nothing else.
      return {
        seq: index + 1,
        photo: '/x.jpg',
        subjectId: 'd',
        ...rest,
        ...(problem && index % 5 === 0 && { problem }),
      };
    }),
  );

const allOptions: DecideOptions[] = (['collision', 'repeat'] as const).flatMap((sameSubject) =>
  (['first', 'last', 'each'] as const).map((repeat) => ({ sameSubject, repeat })),
);

function decideAll(options: DecideOptions, all: readonly ManifestLine[]): Decision[] {
  const decider = createDecider(options);
  if (decider.foresees) for (const line of all) decider.foresee(line);
  return all.map((line) => decider.decide(line));
}

/** The rules as they are told, with everything in memory. */
function model({ sameSubject, repeat }: DecideOptions, all: readonly ManifestLine[]): string[] {
  const nameOf = (line: ManifestLine) => line.subjectId?.normalize('NFC') ?? '';
  const photos = all.filter(({ problem }) => problem === undefined);
  const templates = new Map<string, string>();
  const fedBefore = new Map<string, number>();
  return all.map((line) => {
    if (line.problem !== undefined) return 'manifest';
    const own = photos.filter((other) => nameOf(other) === nameOf(line));
    const isFirst = own[0] === line;
    if (sameSubject === 'collision' && !isFirst) return 'collision';
    if (sameSubject === 'repeat') {
      if (repeat === 'first' && !isFirst) return 'repeated';
      if (repeat === 'last' && own.at(-1) !== line) return 'repeated';
    }
    if (line.templateId !== undefined) {
      const owner = templates.get(line.templateId);
      if (owner !== undefined && owner !== nameOf(line)) return 'collision';
      templates.set(line.templateId, nameOf(line));
    }
    const after = sameSubject === 'repeat' && repeat === 'each' ? fedBefore.get(nameOf(line)) : undefined;
    fedBefore.set(nameOf(line), line.seq);
    return after === undefined ? 'feed' : `after ${after}`;
  });
}

function short(decision: Decision): string {
  if (decision.kind === 'feed') return 'feed';
  if (decision.kind === 'feed-after') return `after ${decision.seq}`;
  return decision.outcome.error?.kind ?? decision.outcome.reason ?? '?';
}

describe.each(allOptions)('deciding with $sameSubject, $repeat', (options) => {
  it('follows the rules as they are told', () => {
    fc.assert(
      fc.property(lines, (all) => {
        const expected = model(options, all);
        const decided = decideAll(options, all).map(short);
        // A photo that waits for one that was settled without a call waits for nothing: both are right.
        const isAlike = decided.every(
          (decision, index) =>
            decision === expected[index] || (decision.startsWith('after') && expected[index] === 'feed'),
        );
        expect(isAlike ? expected : decided).toEqual(expected);
      }),
      { numRuns: randomInputs(150) },
    );
  });

  it('sends no subject twice at once, and no template for two subjects', () => {
    fc.assert(
      fc.property(lines, (all) => {
        const subjectsOfTemplate = new Map<string, string>();
        const latest = new Map<string, number>();
        decideAll(options, all).forEach((decision, index) => {
          const line = all[index];
          if (decision.kind === 'settle' || line?.subjectId === undefined) return;
          const name = line.subjectId.normalize('NFC');
          if (latest.has(name)) expect(decision).toEqual({ kind: 'feed-after', seq: latest.get(name) });
          latest.set(name, line.seq);
          if (line.templateId === undefined) return;
          expect(subjectsOfTemplate.get(line.templateId) ?? name).toBe(name);
          subjectsOfTemplate.set(line.templateId, name);
        });
      }),
      { numRuns: randomInputs(100) },
    );
  });

  it('decides the same again, as a resumed run must', () => {
    fc.assert(
      fc.property(lines, (all) => {
        expect(decideAll(options, all)).toEqual(decideAll(options, all));
      }),
      { numRuns: randomInputs(50) },
    );
  });
});

describe('deriving template ids late', () => {
  const uuid = '412d0030-ff93-5f18-be2a-bf70e4cc0b18';
  const derivations = [
    (subjectId: string) => `id of ${subjectId.normalize('NFC')}`,
    (id: string) => id.normalize('NFC'),
  ];
  const rows = fc
    .array(
      fc.record(
        {
          subjectId: fc.constantFrom(...subjects, uuid, uuid.toUpperCase()),
          templateId: fc.constantFrom('id of a', 'a', 'Zoë'.normalize('NFD'), `id of ${uuid}`, uuid),
          problem: fc.constant('row 3: id is empty'),
        },
        { requiredKeys: ['subjectId'] },
      ),
      { maxLength: 40 },
    )
    .chain((all) =>
      // Rows that name an id, and those with a problem, come seldom, or late.
      fc.array(fc.nat({ max: 9 }), { minLength: all.length, maxLength: all.length }).map((lots) =>
        all.map(({ subjectId, templateId, problem }, index): ManifestLine => {
          const lot = lots[index] ?? 0;
          return {
            seq: index + 1,
            photo: '/x.jpg',
            subjectId,
            ...(templateId !== undefined && lot === 0 && { templateId }),
            ...(problem !== undefined && lot === 1 && { problem }),
          };
        }),
      ),
    );

  async function decideInBatches(options: DecideOptions, all: readonly ManifestLine[], size: number) {
    async function* list() {
      for (let next = 0; next < all.length; next += size)
        yield all.slice(next, next + size).map((line) => ({ line }));
    }
    const forgotten = { lookAgain: async () => {}, outcomeOf: () => undefined };
    const decided: unknown[] = [];
    for await (const batch of decidePhotos({ ...options, derivesLate: true, list, forgotten }))
      for (const { decision } of batch) decided.push(decision);
    return decided;
  }

  it.each(allOptions)('decides the same, with $sameSubject, $repeat', async (options) => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.constantFrom(...derivations),
        fc.integer({ min: 1, max: 12 }),
        async (all, templateIdFor, size) => {
          const given = { ...options, templateIdFor };
          expect(await decideInBatches(given, all, size)).toEqual(decideAll(given, all));
        },
      ),
      { numRuns: randomInputs(150) },
    );
  });
});

describe('deciding', () => {
  const uuid = '412d0030-ff93-5f18-be2a-bf70e4cc0b18';

  it.each([
    [uuid, uuid.toUpperCase()],
    [uuid.toUpperCase(), uuid],
    [uuid, `${uuid.slice(0, 8).toUpperCase()}${uuid.slice(8)}`],
    // The first follows from its subject.
    [undefined, uuid.toUpperCase()],
    ['Zoë'.normalize('NFC'), 'Zoë'.normalize('NFD')],
  ])('takes %s and %s of two subjects for one template', (one, other) => {
    const decider = createDecider({
      sameSubject: 'repeat',
      repeat: 'first',
      templateIdFor: (subjectId) => (subjectId === 'a' ? uuid : `id of ${subjectId}`),
    });
    const line = (seq: number, subjectId: string, templateId: string | undefined) => ({
      seq,
      subjectId,
      photo: `/${subjectId}.jpg`,
      ...(templateId !== undefined && { templateId }),
    });
    expect(decider.decide(line(1, 'a', one))).toEqual({ kind: 'feed' });
    expect(decider.decide(line(2, 'b', other))).toMatchObject({
      kind: 'settle',
      outcome: { status: 'failed', stored: 'no', error: { kind: 'collision' } },
    });
    expect(decider.decide(line(3, 'c', 'another'))).toEqual({ kind: 'feed' });
  });

  it('lets no row name the template id that follows from another subject, whichever comes first', () => {
    const options = {
      sameSubject: 'repeat',
      repeat: 'first',
      templateIdFor: (subjectId: string) => `id of ${subjectId}`,
    } as const;
    const plain = { seq: 1, subjectId: 'a', photo: '/a.jpg' };
    const named = { seq: 2, subjectId: 'b', photo: '/b.jpg', templateId: 'id of a' };
    expect(decideAll(options, [plain, named]).map(short)).toEqual(['feed', 'collision']);
    expect(
      decideAll(options, [
        { ...named, seq: 1 },
        { ...plain, seq: 2 },
      ]).map(short),
    ).toEqual(['feed', 'collision']);
    const own = { seq: 3, subjectId: 'c', photo: '/c.jpg', templateId: 'id of c' };
    expect(decideAll(options, [plain, own]).map(short)).toEqual(['feed', 'feed']);
  });

  it('names the photo that came first where two collide, and says that nothing was stored', () => {
    const [, second] = decideAll({ sameSubject: 'collision', repeat: 'last' }, [
      { seq: 1, subjectId: 'a', photo: '/x/a.jpg' },
      { seq: 2, subjectId: 'a', photo: '/y/a.jpg' },
    ]);
    expect(second).toMatchObject({
      kind: 'settle',
      outcome: { status: 'failed', stored: 'no', attempts: 0, error: { kind: 'collision' } },
    });
    expect(JSON.stringify(second)).toContain('photo 1 of the list');
  });

  it.each<[Partial<ManifestLine>, string]>([
    [{ subjectId: undefined, photo: '/a.jpg' }, 'the row names no subject or no photo'],
    [{ subjectId: 'a', photo: undefined }, 'the row names no subject or no photo'],
    [{ subjectId: 'a', photo: '/a.jpg', problem: 'row 3: id is empty' }, 'row 3: id is empty'],
  ])('fails a row that is no photo, and says why: %j', (row, message) => {
    for (const options of allOptions) {
      const rows = [
        { seq: 1, ...row },
        { seq: 2, subjectId: 'a', photo: '/b.jpg' },
      ];
      const [first, second] = decideAll(options, rows);
      expect(first).toEqual({
        kind: 'settle',
        outcome: { status: 'failed', stored: 'no', attempts: 0, error: { kind: 'manifest', message } },
      });
      // It is nobody's first photo.
      expect(second).toEqual({ kind: 'feed' });
    }
  });
});

describe('which rows may name the template of another', () => {
  const uuid = '412D0030-ff93-5f18-be2a-bf70e4cc0b18';
  const options = { sameSubject: 'repeat', repeat: 'first', templateIdFor: (id: string) => id } as const;
  const line = (more: Partial<ManifestLine>): ManifestLine => ({ seq: 1, photo: '/a.jpg', ...more });

  it.each<[boolean, string, Partial<ManifestLine>]>([
    [false, 'one with a subject', { subjectId: 'a' }],
    [false, 'one with none', {}],
    [true, 'one with a template id', { subjectId: 'a', templateId: 'T' }],
    [true, 'one whose id had blanks, as the ledger may know it', { subjectId: 'a', writtenId: ' a' }],
    [true, 'one whose subject is a UUID, in capitals', { subjectId: uuid }],
    [false, 'one whose subject is a UUID as it is compared', { subjectId: uuid.toLowerCase() }],
  ])('%s: %s', (expected, _, more) => {
    expect(createDecider({ ...options, derivesLate: true }).needsTemplates(line(more))).toBe(expected);
    // Where they are derived from the start on, or never, nothing is to be done.
    expect(createDecider(options).needsTemplates(line(more))).toBe(false);
    const { templateIdFor: _none, ...without } = options;
    expect(createDecider({ ...without, derivesLate: true }).needsTemplates(line(more))).toBe(false);
    const derived = createDecider({ ...options, derivesLate: true });
    derived.deriveTemplates();
    expect(derived.needsTemplates(line(more))).toBe(false);
  });

  it.each([
    ['first', ['a'], 'collision'],
    // The first photo of a subject that comes again is not enrolled: its template is the last one's.
    ['last', ['a', 'x'], 'collision'],
    ['each', ['a'], 'collision'],
  ] as const)('are found where %s counts, by what was decided before', (repeat, before, expected) => {
    const decider = createDecider({ ...options, repeat, derivesLate: true });
    const rows = [...before, 'b'].map((subjectId, index) => line({ seq: index + 1, subjectId }));
    const last = line({ seq: 9, subjectId: 'c', templateId: 'a' });
    if (decider.foresees) for (const row of [...rows, last]) decider.foresee(row);
    for (const row of rows) decider.decide(row);
    decider.deriveTemplates();
    decider.recall(line({ seq: 5, subjectId: 'd', problem: 'row 5: no photo' }));
    for (const row of rows) decider.recall(row);
    expect(short(decider.decide(last))).toBe(expected);
  });

  it('are those of sources whose subjects may come again', () => {
    const idOf = templateIdsOf('ooto', { sameSubject: 'repeat' });
    expect(idOf?.('a')).toBe(templateIdOf({ engine: 'ooto', subjectId: 'a' }));
    expect(templateIdsOf('ooto', { sameSubject: 'collision' })).toBeUndefined();
  });
});

describe('the index of subjects', () => {
  it.each([true, false])(
    'keeps the first seq of a text, and the latest where it is asked to: %s',
    (keepsLatest) => {
      const index = createSubjectIndex({ keepsLatest });
      expect(index.get('a')).toBeUndefined();
      index.enter('a', 3);
      index.enter('a', 5);
      index.enter('b', 4);
      expect([index.get('a'), index.get('b')]).toEqual([
        { first: 3, latest: keepsLatest ? 5 : 3 },
        { first: 4, latest: 4 },
      ]);
    },
  );

  it('takes no more memory than it says', () => {
    const sizes = [true, false].map((keepsLatest) => {
      const index = createSubjectIndex({ keepsLatest });
      for (let seq = 1; seq <= 10_000; seq += 1) index.enter(`s${seq}`, seq);
      return index.sizeInBytes / 10_000;
    });
    // With free places up to twice as much.
    expect(sizes[0]).toBeLessThan(64);
    expect(sizes[1]).toBeLessThan(50);
    expect(sizes[1]).toBeLessThan(sizes[0] ?? 0);
  });
});
