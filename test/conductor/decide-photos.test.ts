import { describe, expect, it } from 'vitest';
import { decidePhotos } from '../../src/conductor/decide-photos.ts';
import type { ForgottenPhotos } from '../../src/conductor/forgotten-photos.ts';
import type { LedgerLookup } from '../../src/conductor/ledger-lookup.ts';
import type { ManifestLine } from '../../src/records/manifest.ts';

type Options = Parameters<typeof decidePhotos>[0];

const linesOf = (...subjects: (string | Partial<ManifestLine>)[]): ManifestLine[] =>
  subjects.map((subject, index) => ({
    seq: index + 1,
    photo: `/${index}.jpg`,
    ...(typeof subject === 'string' ? { subjectId: subject } : subject),
  }));

/** Decides a list in batches, and tells what was asked for meanwhile. */
function decide(
  lines: readonly ManifestLine[],
  { size = 2, forgets = [], ...given }: Partial<Options> & { size?: number; forgets?: string[] } = {},
) {
  const asked: string[] = [];
  const forgotten: ForgottenPhotos = {
    lookAgain: async () => void asked.push('forget list'),
    outcomeOf: ({ subjectId = '' }) =>
      forgets.includes(subjectId) ? { status: 'skipped', reason: 'forgotten' } : undefined,
  };
  const options: Options = {
    sameSubject: 'repeat',
    repeat: 'first',
    list: async function* () {
      asked.push('list');
      for (let next = 0; next < lines.length; next += size)
        yield lines.slice(next, next + size).map((line) => ({ line }));
    },
    forgotten,
    ...given,
  };
  const decided: string[] = [];
  async function all(most = Number.POSITIVE_INFINITY) {
    for await (const batch of decidePhotos(options)) {
      for (const { photo, decision } of batch) {
        const { templateId } = photo.line;
        const how =
          decision.kind === 'settle' ? (decision.outcome.reason ?? decision.outcome.status) : decision.kind;
        decided.push(templateId === undefined ? how : `${how} as ${templateId}`);
      }
      if (decided.length >= most) break;
    }
    return decided;
  }
  return { asked, decided, all };
}

/** A ledger that knows one subject. */
function ledgerOf(known: string, log: string[]) {
  const lookup: LedgerLookup = {
    prepare: async (lines) => void log.push(`prepare ${lines.map(({ seq }) => seq).join(',')}`),
    decide: (line, decision) =>
      line.subjectId === known
        ? { kind: 'settle', outcome: { status: 'skipped', reason: 'unchanged' } }
        : decision,
    close: async () => void log.push('close'),
  };
  return async () => {
    log.push('open');
    return lookup;
  };
}

describe('photos that have their line already', () => {
  it('are skipped whatever else they are, and count for those behind them', async () => {
    const log: string[] = [];
    const { all } = decide(linesOf('a', 'b', 'a', 'c', 'd'), {
      forgets: ['b', 'd'],
      hasLine: (seq: number) => seq <= 2,
      openLedgerLookup: ledgerOf('c', log),
    });
    expect(await all()).toEqual(['skip', 'skip', 'repeated', 'unchanged', 'forgotten']);
    expect(log).toEqual(['open', 'prepare ', 'prepare 3,4', 'prepare 5', 'close']);
  });

  it('are none, unless it is said', async () => {
    expect(await decide(linesOf('a', 'b')).all()).toEqual(['feed', 'feed']);
  });
});

describe('a forgotten subject', () => {
  it('is looked for before each batch, and goes before what the ledger knows', async () => {
    const { all, asked } = decide(linesOf('a', 'b', 'c'), {
      forgets: ['a', 'c'],
      openLedgerLookup: ledgerOf('a', []),
    });
    expect(await all()).toEqual(['forgotten', 'feed', 'forgotten']);
    expect(asked).toEqual(['list', 'forget list', 'forget list']);
  });

  it('is one also where its id was written with blanks when it was forgotten', async () => {
    const lines = linesOf({ subjectId: 'a', writtenId: ' a' }, { subjectId: 'b', writtenId: 'b ' });
    expect(await decide(lines, { forgets: [' a', ''] }).all()).toEqual(['forgotten', 'feed']);
    expect(await decide(linesOf('a'), { forgets: [''] }).all()).toEqual(['feed']);
  });
});

describe('the template that a subject has kept', () => {
  const kept = (log: string[]) => async () => {
    log.push('kept');
    return (subjectId: string) => ({ a: 'T', c: 'U' })[subjectId];
  };
  const spaced = { subjectId: 'b', writtenId: ' b' };

  it('is asked for once, from the first id with blanks on, in its batch and in later ones', async () => {
    const log: string[] = [];
    const lines = linesOf('a', spaced, 'c', { subjectId: 'c', templateId: 'V' }, {}, spaced);
    const { all } = decide(lines, { size: 3, ...{ repeat: 'each', openKeptTemplates: kept(log) } });
    expect(await all()).toEqual(['feed', 'feed', 'feed as U', 'feed-after as V', 'failed', 'feed-after']);
    expect(log).toEqual(['kept']);
  });

  it('is nothing that a list without blanks asks for, nor one whose engine keeps none', async () => {
    const log: string[] = [];
    expect(await decide(linesOf('a', 'c'), { openKeptTemplates: kept(log) }).all()).toEqual(['feed', 'feed']);
    expect(log).toEqual([]);
    expect(await decide(linesOf('a', spaced)).all()).toEqual(['feed', 'feed']);
  });
});

describe('the list', () => {
  const templateIdFor = (subjectId: string) => `id of ${subjectId}`;
  const named = { subjectId: 'c', templateId: 'id of a' };

  it.each<[string, ManifestLine[], object, string[], number]>([
    ['is read once', linesOf('a', 'b', 'c'), { derivesLate: true }, ['feed', 'feed', 'feed'], 1],
    [
      'is read before where the last photo of a subject counts',
      linesOf('a', 'b', 'a'),
      { repeat: 'last', derivesLate: true },
      ['repeated', 'feed', 'feed'],
      2,
    ],
    [
      'is read again once a row may name the template of one before it',
      linesOf('a', 'b', named, 'd', named),
      { derivesLate: true },
      ['feed', 'feed', 'failed as id of a', 'feed', 'repeated as id of a'],
      2,
    ],
    [
      'is not where all templates are known from the start on',
      linesOf('a', 'b', named),
      {},
      ['feed', 'feed', 'failed as id of a'],
      1,
    ],
  ])('%s', async (_, lines, more, expected, reads) => {
    const { all, asked } = decide(lines, { templateIdFor, ...more });
    expect(await all()).toEqual(expected);
    expect(asked.filter((what) => what === 'list')).toHaveLength(reads);
  });

  it('may be left in the midst: files are let go of', async () => {
    const log: string[] = [];
    const { all } = decide(linesOf('a', 'b', 'c'), { openLedgerLookup: ledgerOf('x', log) });
    expect(await all(1)).toEqual(['feed', 'feed']);
    expect(log.at(-1)).toBe('close');
  });

  it('may be empty, and its batches too', async () => {
    expect(await decide([]).all()).toEqual([]);
    const list = async function* () {
      yield [];
      yield linesOf('a').map((line) => ({ line }));
    };
    expect(await decide([], { list, templateIdFor, derivesLate: true }).all()).toEqual(['feed']);
  });
});
