import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compactLedger, pickCompactionCandidates } from '../../src/ledger/compact-ledger.ts';
import { isHeldEvent, type LedgerEvent } from '../../src/ledger/ledger-event.ts';
import { deltaPath, listLedgerFiles, readLedger } from '../../src/ledger/ledger-files.ts';
import type { StateStore, StateWriter } from '../../src/storage/state/state-store.ts';
import { subjectKey } from '../../src/util/subject-id.ts';
import { createMemoryLeases } from '../account/memory-leases.ts';
import { allAnswers } from './known-answers.ts';
import { ledgerEvents, subjects, timeAt } from './ledger-events.ts';

const eachWay = [
  { eachPhoto: false, required: [] },
  { eachPhoto: true, required: ['liveness'] },
];
const answersOf = (events: readonly LedgerEvent[]) => eachWay.map((options) => allAnswers(events, options));

interface CompactionOptions {
  /** How often a property is tried. */
  readonly numRuns: number;
  /** A store of the test's own. */
  readonly open: () => Promise<{ state: StateStore; close: () => Promise<void> }>;
}

// biome-ignore lint/suspicious/noExportsInTest: two test files call it.
export function describeCompaction(where: string, { numRuns, open }: CompactionOptions): void {
  describe(`the ledger as it is kept ${where}`, () => {
    const leases = createMemoryLeases();
    let store: Awaited<ReturnType<typeof open>>;
    let state: StateStore;
    let number = 0;

    beforeAll(async () => {
      store = await open();
      state = store.state;
    });
    afterAll(() => store.close());

    const compact = (account: string, on = state) =>
      compactLedger({ state: on, leases, account, signal: new AbortController().signal });

    async function writeDeltas(deltas: readonly (readonly LedgerEvent[])[]): Promise<string> {
      number += 1;
      const account = `account-${number}`;
      for (const [index, events] of deltas.entries()) {
        const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
        await state.write(deltaPath(account, { run: `run-${index}`, epoch: 1 }), text);
      }
      return account;
    }

    async function readAll(account: string, from = state): Promise<LedgerEvent[]> {
      const events: LedgerEvent[] = [];
      await readLedger(from, { account, onEvent: (event) => events.push(event) });
      return events;
    }

    const manyDeltas = fc.array(fc.array(ledgerEvents, { maxLength: 6 }), { minLength: 8, maxLength: 12 });

    it('says the same after compaction, and after one that died at any moment', async () => {
      await fc.assert(
        fc.asyncProperty(manyDeltas, fc.integer({ min: 1, max: 14 }), async (deltas, steps) => {
          const account = await writeDeltas(deltas);
          const expected = answersOf(deltas.flat());
          const dying = dyingAfter(steps, state);
          await compact(account, dying.state).catch(() => {});
          expect(answersOf(await readAll(account))).toEqual(expected);
          await dying.close();
          await compact(account);
          expect(answersOf(await readAll(account))).toEqual(expected);
        }),
        { numRuns, endOnFailure: true },
      );
    });

    it('still says what the latest run replaced of a subject', async () => {
      await fc.assert(
        fc.asyncProperty(manyDeltas, async (deltas) => {
          const account = await writeDeltas(deltas);
          await compact(account);
          expect(latestOfEarlierRuns(await readAll(account))).toEqual(latestOfEarlierRuns(deltas.flat()));
        }),
        { numRuns, endOnFailure: true },
      );
    });

    it('is read whole while its files are drawn together', async () => {
      await fc.assert(
        fc.asyncProperty(manyDeltas, fc.integer({ min: 0, max: 8 }), async (deltas, before) => {
          const account = await writeDeltas(deltas);
          let left = before;
          // Between two files, and between listing and reading.
          const racing: StateStore = {
            ...state,
            async *readLines(path, options) {
              if (left-- === 0) await compact(account);
              yield* state.readLines(path, options);
            },
          };
          expect(answersOf(await readAll(account, racing))).toEqual(answersOf(deltas.flat()));
        }),
        { numRuns, endOnFailure: true },
      );
    });

    it('loses nothing where two draw the same files together', async () => {
      const deltas = Array.from({ length: 10 }, (_, index) => [eventOf(`s-${index}`)]);
      const account = await writeDeltas(deltas);
      await Promise.all([compact(account), compact(account), compact(account)]);
      expect(new Set((await readAll(account)).map(({ subjectId }) => subjectId)).size).toBe(10);
      expect(await state.list(`ledger/${account}/deltas`)).toEqual([]);
    });

    it('keeps of each photo the newest event only', async () => {
      const same = eventOf('same');
      const deltas = Array.from({ length: 8 }, (_, minute) => [
        same,
        { ...eventOf('a'), at: timeAt(minute) },
      ]);
      const account = await writeDeltas(deltas);
      expect(await compact(account)).toBe(8);
      const left = await readAll(account);
      expect(left).toHaveLength(2);
      expect(left).toEqual(expect.arrayContaining([same, { ...eventOf('a'), at: timeAt(7) }]));
    });

    it('keeps lines that are damaged, of a newer version, or of kinds it does not know', async () => {
      const later = { ...eventOf('later'), kind: 'forgotten' };
      const account = await writeDeltas(Array.from({ length: 8 }, (_, index) => [eventOf(`s-${index}`)]));
      const newer = '{"schema":"rollcall.ledger/2","who":"a"}';
      const path = deltaPath(account, { run: 'damaged', epoch: 1 });
      await state.write(
        path,
        `{"schema":"rollc\n\n${newer}\n${JSON.stringify(later)}\n{"schema":"rollcall.led`,
      );
      expect(await compact(account)).toBe(9);
      const [base] = await listLedgerFiles(state, account);
      const text = (await state.read(base?.path ?? ''))?.toString() ?? '';
      expect(text.trimEnd().split('\n')).toHaveLength(12);
      expect(text).toContain(`${newer}\n`);
      for (const damaged of ['{"schema":"rollc\n', '{"schema":"rollcall.led\n'])
        expect(text).toContain(damaged);
      expect(await readAll(account)).toContainEqual(later);
    });

    it('is not drawn together while another process does it', async () => {
      const account = await writeDeltas(Array.from({ length: 8 }, (_, index) => [eventOf(`s-${index}`)]));
      const lease = { key: `ledger-${account}`, holder: 'elsewhere:1:1' };
      const taken = await leases.acquire({ ...lease, durationInMs: 60_000, minEpoch: 0 });
      expect(await compact(account)).toBe(0);
      await leases.release({ ...lease, epoch: 'epoch' in taken ? taken.epoch : 0 });
      expect(await compact(account)).toBe(8);
      expect(await compact(account)).toBe(0);
    });
  });
}

/** By subject: of what the engine held, the time of the newest event that is of another run than the newest. */
function latestOfEarlierRuns(events: readonly LedgerEvent[]): Record<string, string | undefined> {
  return Object.fromEntries(
    subjects.map((subject) => {
      const held = events
        .filter((event) => subjectKey(event.subjectId) === subjectKey(subject))
        .filter((event) => isHeldEvent(event) && (event.seenAt === undefined || event.run === undefined))
        .sort((one, other) => (one.at < other.at ? 1 : -1));
      const newest = new Set(held.filter(({ at }) => at === held[0]?.at).map(({ run }) => run));
      // Of two at one time nobody can say which was first.
      if (newest.size > 1) return [subject, 'two'];
      return [subject, held.find(({ run }) => !newest.has(run))?.at];
    }),
  );
}

function eventOf(subjectId: string): LedgerEvent {
  return {
    schema: 'rollcall.ledger/1',
    kind: 'enrolled',
    subjectId,
    photo: '/1.jpg',
    templateId: 'T1',
    at: timeAt(1),
    source: '/s',
  };
}

/** A process that is killed after so many steps: nothing it does then has an effect, not even cleaning up. */
function dyingAfter(steps: number, state: StateStore): { state: StateStore; close(): Promise<void> } {
  const writers: StateWriter[] = [];
  let left = steps;
  const step = () => {
    left -= 1;
    if (left < 0) throw new Error('killed');
  };
  const dying: StateStore = {
    ...state,
    async remove(path) {
      step();
      await state.remove(path);
    },
    async openWriter(path) {
      step();
      const writer = await state.openWriter(path);
      writers.push(writer);
      return {
        async write(text) {
          step();
          await writer.write(text);
        },
        async commit() {
          step();
          await writer.commit();
          step();
        },
        discard: async () => {},
      };
    },
  };
  return {
    state: dying,
    async close() {
      for (const writer of writers) await writer.discard();
    },
  };
}

describe('the choice of files to draw together', () => {
  const filesOf = (sizes: readonly number[]) =>
    sizes.map((sizeInBytes, index) => ({ path: `${index}`, sizeInBytes, number: 0 }));
  const mb = 1024 * 1024;

  it('leaves large files alone until the small ones come to their size', () => {
    const small = Array.from({ length: 8 }, () => 1000);
    expect(pickCompactionCandidates(filesOf(small.slice(1)))).toEqual([]);
    expect(pickCompactionCandidates(filesOf([...small, 500 * mb]))).toHaveLength(8);
    const large = Array.from({ length: 8 }, () => 30 * mb);
    expect(pickCompactionCandidates(filesOf([...large, 10]))).toHaveLength(8);
    expect(pickCompactionCandidates(filesOf([...large, 400 * mb]))).toHaveLength(9);
  });

  it('keeps the number of files small, and writes each byte again a few times only', () => {
    let files = filesOf([1000 * mb]);
    let writtenInBytes = 0;
    const nights = 1000;
    const addedInBytes = 2 * mb;
    for (let night = 1; night <= nights; night += 1) {
      files = [...files, ...filesOf([addedInBytes])];
      const chosen = pickCompactionCandidates(files);
      if (chosen.length === 0) continue;
      const sum = chosen.reduce((total, file) => total + file.sizeInBytes, 0);
      writtenInBytes += sum;
      files = [...files.filter((file) => !chosen.includes(file)), ...filesOf([sum])];
      expect(files.length).toBeLessThan(20);
    }
    expect(writtenInBytes / (nights * addedInBytes + 1000 * mb)).toBeLessThan(10);
  });
});
