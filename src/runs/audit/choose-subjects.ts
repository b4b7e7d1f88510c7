import { hash } from 'node:crypto';
import { dirname } from 'node:path/posix';
import {
  createForgottenSubjects,
  type ErasedSubjects,
  openErasedSubjects,
} from '../../ledger/forgotten-subjects.ts';
import {
  compareTimes,
  isHeldEvent,
  isStoredEvent,
  keyWithoutBlanks,
  type LedgerEvent,
  readTimes,
  timesOf,
  writeTimes,
} from '../../ledger/ledger-event.ts';
import { readLedger } from '../../ledger/ledger-files.ts';
import { planPathOf } from '../../records/audit-record.ts';
import type { AuditSummary } from '../../records/audit-summary.ts';
import { readManifest } from '../../records/manifest.ts';
import { listRunRecords } from '../../records/run-record.ts';
import type { ShareOrCount } from '../../settings/value-types.ts';
import { createHashIndex } from '../../util/hash-index.ts';
import { redactAddress } from '../../util/redact-address.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { findSameAccounts } from '../same-accounts.ts';
import { drawSample, lot, sampleSize } from './draw-sample.ts';
import type { PlannedSubject } from './plan.ts';

export interface Choice {
  readonly id: string;
  readonly sample: ShareOrCount;
  readonly seed: number;
  readonly signal: AbortSignal;
}

type ChooseTools = Pick<Rollcall, 'state' | 'engine' | 'engineOf' | 'calledAccountOf'>;

/**
 * Writes the plan of an audit: of the subjects that the engine holds by the ledger, and of those who are forgotten and
 * whom this state can still name, a sample each. Memory: 50 to 70 bytes a subject of the ledger.
 */
export async function chooseSubjects(
  rollcall: ChooseTools,
  { id, sample, seed, signal }: Choice,
): Promise<AuditSummary['population']> {
  const { state } = rollcall;
  const { engine, account } = rollcall.engine();
  const accounts = await findSameAccounts(rollcall);
  const erased = await openErasedSubjects(state, { engine: engine.name, account });
  const forgotten = createForgotten(erased);
  const held = createHeld(seed);
  const isAbout = (event: LedgerEvent) => !forgotten.note(event) && !erased.isVoid(event);
  for (const one of accounts)
    await readLedger(state, {
      account: one,
      signal,
      onEvent: (event) => {
        if (isAbout(event)) held.add(event);
      },
    });
  const subjects = createForgottenSubjects({ state, engine: engine.name, account });
  await subjects.refresh();
  if (!subjects.isEmpty()) await forgotten.noteRuns(state, accounts, signal);

  held.choose(sample);
  const forgottenChosen = forgotten.choose(sample, seed);
  const writer = await state.openWriter(planPathOf(id));
  // Somebody may be erased between the two looks.
  let heldChosen = 0;
  try {
    let seq = 0;
    let text = '';
    const write = (planned: Omit<PlannedSubject, 'seq'>) => {
      seq += 1;
      text += `${JSON.stringify({ seq, ...planned })}\n`;
    };
    const flush = async () => {
      const batch = text;
      text = '';
      if (batch !== '') await writer.write(batch);
    };
    const onEvent = (event: LedgerEvent) => {
      if (erased.isForgotten(event.subjectId) || erased.isVoid(event) || !held.take(event)) return;
      heldChosen += 1;
      write(plannedOf(event, engine.templateIdFor));
    };
    for (const one of accounts) await readLedger(state, { account: one, signal, onEvent, afterBatch: flush });
    for (const { subjectId, templateId, photo } of forgottenChosen)
      write({
        about: 'forgotten',
        subjectId,
        templateId: templateId ?? engine.templateIdFor(subjectId),
        ...(photo !== undefined && { photo: redactAddress(photo).address }),
      });
    await flush();
    await writer.commit();
  } finally {
    await writer.discard();
  }
  const { count, unclear } = held.counts();
  return {
    held: count,
    heldChosen,
    forgotten: forgotten.count(),
    forgottenChosen: forgottenChosen.length,
    unclear,
  };
}

function plannedOf(
  { subjectId, templateId, templateIdFrom, photo, version, sha256, source, run, at }: LedgerEvent,
  templateIdFor: (subjectId: string) => string,
): Omit<PlannedSubject, 'seq'> {
  return {
    about: 'held',
    subjectId,
    photo,
    templateId: templateId ?? templateIdFor(subjectId),
    ...(version !== undefined && { version }),
    ...(sha256 !== undefined && { sha256 }),
    ...(templateIdFrom !== undefined && { templateIdFrom }),
    source,
    ...(run !== undefined && { run }),
    enrolledAt: at,
  };
}

/** Behind the times of the newest event: its print, and the subject's number. */
const print = 4;
const number = 5;
const valueWords = 6;

/** By a subject's number: whether the engine holds it by the ledger, and whether that was chosen or taken. */
const states = { unclear: 0, held: 1, chosen: 2, taken: 3 } as const;

/** Who is held, as of the newest events. */
function createHeld(seed: number) {
  const index = createHashIndex({ valueWords });
  const state = createColumn(Uint8Array);
  const stratum = createColumn(Uint32Array);
  const lots = createColumn(Uint32Array);
  let subjects = 0;

  return {
    add(event: LedgerEvent): void {
      if (!isHeldEvent(event)) return;
      const key = keyWithoutBlanks(event.subjectId);
      const words = index.enter(key);
      if (words[number] === 0) {
        subjects += 1;
        words[number] = subjects;
        lots.set(subjects, lot(seed, key));
      }
      const order = compareTimes(timesOf(event), readTimes(words));
      if (order < 0) return;
      const own = printOf(event);
      // Of two that contradict each other at the same time neither holds.
      const place = words[number] ?? 0;
      const isSure = order > 0 || (words[print] === own && state.get(place) === states.held);
      writeTimes(words, timesOf(event));
      words[print] = own;
      state.set(place, isSure && isCertain(event) ? states.held : states.unclear);
      stratum.set(place, stratumOf(event));
    },
    choose(sample: ShareOrCount): void {
      const members = new Uint32Array(countOf(states.held));
      let count = 0;
      for (let place = 1; place <= subjects; place += 1)
        if (state.get(place) === states.held) members[count++] = place;
      const drawn = drawSample(
        {
          count,
          stratumOf: (member) => stratum.get(members[member] ?? 0),
          lotOf: (member) => lots.get(members[member] ?? 0),
        },
        { size: sampleSize(sample, count), seed },
      );
      for (const member of drawn) state.set(members[member] ?? 0, states.chosen);
    },
    /** Whether it is what holds of somebody who was chosen; once for each. */
    take(event: LedgerEvent): boolean {
      const words = isHeldEvent(event) ? index.find(keyWithoutBlanks(event.subjectId)) : undefined;
      const place = words?.[number] ?? 0;
      if (!words || state.get(place) !== states.chosen || words[print] !== printOf(event)) return false;
      if (compareTimes(timesOf(event), readTimes(words)) !== 0) return false;
      state.set(place, states.taken);
      return true;
    },
    counts: () => ({ count: subjects - countOf(states.unclear), unclear: countOf(states.unclear) }),
  };

  function countOf(wanted: number): number {
    let count = 0;
    for (let place = 1; place <= subjects; place += 1) if (state.get(place) === wanted) count += 1;
    return count;
  }
}

/** Whether the engine certainly held it. */
const isCertain = (event: LedgerEvent) => isStoredEvent(event) && event.kind !== 'undone';

/** What two events at one time must agree in; never 0. */
const printOf = ({ kind, photo, sha256 = '', templateId = '' }: LedgerEvent): number =>
  (word(`${kind}\n${photo}\n${sha256}\n${templateId}`) | 1) >>> 0;

/** Run and folder, or the source where an earlier version did not note the run. */
const stratumOf = ({ run, source, folder, photo }: LedgerEvent): number =>
  word(`${run ?? source}\n${folder ?? dirname(photo)}`);

const word = (text: string) => Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16);

/** Numbers by a place that is counted up. */
function createColumn<Kind extends Uint8Array | Uint32Array>(kind: new (length: number) => Kind) {
  let values = new kind(1024);
  return {
    get: (place: number) => values[place] ?? 0,
    set(place: number, value: number): void {
      if (place >= values.length) {
        const larger = new kind(2 * values.length);
        larger.set(values);
        values = larger;
      }
      values[place] = value;
    },
  };
}

interface Named {
  readonly subjectId?: string | undefined;
  readonly templateId?: string | undefined;
  readonly photo?: string | undefined;
}

/** Forgotten subjects whom a ledger or a list still names: the forget list itself has only marks. */
function createForgotten(erased: ErasedSubjects) {
  const found = new Map<string, Named & { readonly subjectId: string }>();

  function note({ subjectId, templateId, photo }: Named): boolean {
    if (subjectId === undefined || !erased.isForgotten(subjectId)) return false;
    const key = keyWithoutBlanks(subjectId);
    if (!found.has(key)) found.set(key, { subjectId, templateId, photo });
    return true;
  }

  return {
    note,
    async noteRuns(
      state: ChooseTools['state'],
      accounts: ReadonlySet<string>,
      signal: AbortSignal,
    ): Promise<void> {
      for (const record of await listRunRecords(state)) {
        if (!accounts.has(record.account)) continue;
        for await (const batch of readManifest(state, record.id)) {
          signal.throwIfAborted();
          for (const { line } of batch) note(line);
        }
      }
    },
    count: () => found.size,
    choose(sample: ShareOrCount, seed: number): (Named & { readonly subjectId: string })[] {
      const all = [...found.entries()];
      const drawn = drawSample(
        { count: all.length, stratumOf: () => 0, lotOf: (member) => lot(seed, all[member]?.[0] ?? '') },
        { size: sampleSize(sample, all.length), seed },
      );
      return drawn.flatMap((member) => all[member]?.[1] ?? []);
    },
  };
}
