import { appendFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { InboxError } from '../../src/runs/inbox/inbox-error.ts';
import { type InboxSession, openSession } from '../../src/runs/inbox/session.ts';
import { removeUncounted } from '../../src/runs/inbox/tidy-inbox.ts';
import { listPath } from '../../src/sources/inbox/inbox-log.ts';
import { createInboxSource } from '../../src/sources/inbox/inbox-source.ts';
import type { ListedPhoto } from '../../src/sources/source.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { createSeededRandom } from '../helpers/engine-server-calls.ts';
import { orLong } from '../helpers/long.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';

let state: StateStore;
eachTestHasState((given) => {
  state = given;
});

const inbox = 'door';
const run = 'door-1';

/** One process: it takes in until it is told that another one does, and knows nothing of what others know. */
interface Taker {
  session: InboxSession;
  count: number;
}

/** A listing that goes on where an earlier one stopped, as a conductor's does after each of its deaths. */
async function listOn(listed: ListedPhoto[]): Promise<void> {
  const stop = new AbortController();
  const source = createInboxSource({ state, inbox, run, tend: async () => {} });
  const after = listed.at(-1);
  try {
    for await (const photo of source.list({ after, signal: stop.signal, onPause: () => stop.abort() }))
      listed.push(photo);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}

async function history(seed: number): Promise<void> {
  const random = createSeededRandom(seed);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)];
  const takers: Taker[] = [];
  const sessions: InboxSession[] = [];
  const answered = new Map<string, number>();
  const listed: ListedPhoto[] = [];
  const underWay = new Set<Promise<unknown>>();
  let epoch = 0;
  let photos = 0;

  const open = async () => {
    epoch += 1;
    const opened = await openSession({ state, inbox }, { epoch, before: undefined, newRun: () => run }).catch(
      ignoreAway,
    );
    if (!opened) return;
    sessions.push(opened.session);
    takers.push({ session: opened.session, count: opened.taken.current?.count ?? 0 });
  };
  const add = async () => {
    const taker = pick(takers);
    if (!taker) return;
    const ids = Array.from({ length: 1 + Math.floor(random() * 3) }, () => `p${++photos}`);
    const from = taker.count + 1;
    taker.count += ids.length;
    const entry = {
      at: new Date().toISOString(),
      from,
      photos: ids.map((subjectId) => ({ subjectId, photo: '/p.jpg' })),
    };
    await taker.session
      .append([entry])
      .then(() => ids.forEach((id, index) => void answered.set(id, from + index)), ignoreAway);
  };
  /** A process that dies in the middle of a line; nothing comes behind it. */
  const tear = async () => {
    const taker = takers.splice(Math.floor(random() * takers.length), 1)[0];
    if (!taker) return;
    await Promise.allSettled(underWay);
    await appendFile(
      state.locate(listPath(inbox, taker.session.name)),
      '{"at":"2026-11-28T10:00:00.000Z","fr',
    );
  };
  const tidy = () => removeUncounted({ state, inbox });
  const claim = async () => {
    epoch += 1;
    await state.write(`inboxes/${inbox}/claims/${String(epoch).padStart(10, '0')}-000001-00000000`, '');
  };

  await open();
  for (let step = 0; step < 60; step += 1) {
    const lot = random();
    const acts = [
      [0.58, add],
      [0.74, open],
      [0.79, tear],
      [0.82, claim],
      [0.9, tidy],
    ] as const;
    const [, act] = acts.find(([below]) => lot < below) ?? [];
    if (!act) {
      await listOn(listed);
      continue;
    }
    const acting = act();
    underWay.add(acting);
    acting.finally(() => underWay.delete(acting)).catch(() => {});
    // Now and then several are at it at once.
    if (random() < 0.6) await acting;
  }
  await Promise.all(underWay);
  await open();
  await listOn(listed);
  await Promise.all(sessions.map((session) => session.close()));
  const whole: ListedPhoto[] = [];
  await listOn(whole);

  const idsOf = (list: readonly ListedPhoto[]) => list.map(({ subjectId }) => subjectId);
  expect(idsOf(listed), `seed ${seed}: a listing that was resumed says the same`).toEqual(idsOf(whole));
  expect(new Set(idsOf(whole)).size, `seed ${seed}: nothing is there twice`).toBe(whole.length);
  for (const [id, seq] of answered)
    expect(whole[seq - 1]?.subjectId, `seed ${seed}: ${id} was answered as number ${seq}`).toBe(id);
  expect(answered.size).toBeGreaterThan(0);
}

function ignoreAway(error: unknown): undefined {
  if (error instanceof InboxError && error.kind === 'away') return undefined;
  throw error;
}

const seeds = Array.from({ length: orLong(4, 300) }, (_, index) => index + 1);

it('what was answered is listed once, under its number, whoever takes in, sleeps, wakes up or dies', async () => {
  for (const seed of seeds) {
    await history(seed);
    await state.remove('inboxes');
  }
});
