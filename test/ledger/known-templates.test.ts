import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLedgerLookup } from '../../src/conductor/ledger-lookup.ts';
import { templateIdOf } from '../../src/engines/registry.ts';
import { createErasureLog } from '../../src/ledger/forget-files.ts';
import { eventOfLine } from '../../src/ledger/ledger-delta.ts';
import { type LedgerEvent, ledgerSchemaName } from '../../src/ledger/ledger-event.ts';
import { buildReportLine, type Outcome } from '../../src/records/report/report-line.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { templateKey } from '../../src/util/template-id.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { createLedgerOnDisk } from './ledger-on-disk.ts';

const { signal } = new AbortController();
let folder: TemporaryFolder;
let state: StateStore;
let accounts = 0;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterAll(() => folder.remove());

/** Later than what an erasure that is noted now makes void. */
const startedAt = Date.now() + 24 * 3_600_000;
const timeAt = (minute: number) => new Date(startedAt + 60_000 * minute).toISOString();

const people = ['ann', 'bob', 'cem'];

/** What becomes of the templates of three people: lists of any run give them ids at random, also each other's. */
const step = (engine: string) => {
  const own = (subjectId: string) => templateIdOf({ engine, subjectId });
  const templateId = fc.constantFrom(
    undefined,
    undefined,
    'card',
    ...people.map(own),
    own('bob').toUpperCase(),
  );
  const subjectId = fc.constantFrom(...people);
  const called = fc.record({
    kind: fc.constantFrom('called', 'called', 'called', 'as before'),
    subjectId,
    templateId,
    content: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
    end: fc.constantFrom('enrolled', 'enrolled', 'lost', 'stored-unheard', 'rejected'),
    incremental: fc.boolean(),
  });
  const other = fc.record({
    kind: fc.constantFrom('undone', 'renewed', 'forgotten and allowed'),
    subjectId,
    templateId,
  });
  return fc.oneof({ weight: 4, arbitrary: called }, { weight: 1, arbitrary: other });
};

type Step = ReturnType<typeof step> extends fc.Arbitrary<infer One> ? One : never;

/** An engine, and the ledger of its account as nights leave it. */
async function openWorld(engine: string) {
  accounts += 1;
  const account = `account-${accounts}`;
  const ledger = createLedgerOnDisk(state, account);
  const erasures = createErasureLog(state, { engine, account });
  /** By the template in its form: who is enrolled under it. */
  const held = new Map<string, string>();
  const keyOf = ({ subjectId, templateId }: Pick<Step, 'subjectId' | 'templateId'>) =>
    templateKey(templateId ?? templateIdOf({ engine, subjectId }));
  const settings: Omit<Parameters<typeof openLedgerLookup>[0]['settings'], 'incremental'> = {
    sameSubject: 'repeat',
    repeat: 'first',
    require: [],
    idFrom: '{id}.{ext}',
    idsFromPaths: false,
    replace: false,
  };

  async function decide({ subjectId, templateId, content }: Called, incremental: boolean) {
    const lookup = await openLedgerLookup({
      ...{ state, account, engine, settings: { ...settings, incremental }, signal },
    });
    const line = { seq: 1, subjectId, photo: '/1.jpg', version: content, templateId };
    await lookup.prepare([line]);
    const decision = lookup.decide(line, { kind: 'feed' });
    await lookup.close();
    return decision;
  }

  return {
    held,
    keyOf,
    decide,
    renew: ledger.renew,
    async call(step: Called, minute: number): Promise<void> {
      const { subjectId, content, end } = step;
      const templateId = step.templateId ?? templateIdOf({ engine, subjectId });
      const isStored = end === 'enrolled' || end === 'stored-unheard';
      if (isStored) held.set(keyOf(step), subjectId);
      const facts = { run: 'r', engine, seq: 1, subjectId, photo: '/1.jpg', version: content };
      const outcome = {
        ...outcomes[end],
        templateId,
        sha256: content,
        finishedAt: timeAt(minute),
      } as Outcome;
      const event = eventOfLine(buildReportLine(facts, outcome), { source: '/s', required: [] });
      if (event) await ledger.addNight([event]);
    },
    async undo({ subjectId, templateId }: Step, minute: number): Promise<void> {
      const key = keyOf({ subjectId, templateId });
      if (held.get(key) !== subjectId) return;
      held.delete(key);
      const undone: LedgerEvent = {
        ...{ schema: ledgerSchemaName, kind: 'undone', run: 'r', subjectId, photo: '/1.jpg' },
        ...{ templateId: key, replaced: 'none', idFrom: 'list', source: '/s', at: timeAt(minute) },
      };
      await ledger.addNight([undone]);
    },
    async forget({ subjectId }: Step, minute: number): Promise<void> {
      for (const [key, holder] of held) if (holder === subjectId) held.delete(key);
      await erasures.append({ subjectId, templates: [], notBefore: Date.parse(timeAt(minute)) });
    },
    close: () => erasures.close(),
  };
}

type Called = Extract<Step, { end: string }>;
const outcomes: Record<string, Partial<Outcome>> = {
  enrolled: { status: 'enrolled', stored: 'yes' },
  lost: { status: 'failed', stored: 'unknown' },
  'stored-unheard': { status: 'failed', stored: 'unknown' },
  rejected: { status: 'rejected', stored: 'no', error: { kind: 'rejected', code: '5', message: '' } },
};

async function play(world: Awaited<ReturnType<typeof openWorld>>, step: Step, minute: number): Promise<void> {
  if (step.kind === 'undone') return world.undo(step, minute);
  if (step.kind === 'renewed') return void (await world.renew());
  if (!('end' in step)) return world.forget(step, minute);
  if (step.kind === 'as before') return world.call(step, minute);
  const holder = world.held.get(world.keyOf(step));
  const decision = await world.decide(step, step.incremental);
  if (holder !== undefined && holder !== step.subjectId)
    expect(decision).toMatchObject({ kind: 'settle', outcome: { error: { kind: 'collision' } } });
  const isUnchanged = decision.kind === 'settle' && decision.outcome.reason === 'unchanged';
  if (isUnchanged) expect(holder).toBe(step.subjectId);
  if (decision.kind === 'feed') await world.call(step, minute);
}

describe.each(['ooto', 'verihubs'])('templates over many nights at %s', (engine) => {
  it('never change the person, and nobody is called unchanged whose template shows another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step(engine), { maxLength: 14 }), async (steps) => {
        const world = await openWorld(engine);
        try {
          for (const [minute, step] of steps.entries()) await play(world, step, minute);
        } finally {
          await world.close();
        }
      }),
      { numRuns: randomInputs(60) },
    );
  }, 900_000);
});
