import { pino } from 'pino';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readInbox, writeInbox } from '../../src/records/inbox/inbox.ts';
import { writeControl } from '../../src/records/run-control.ts';
import { readRunRecord, runFolderOf, writeRunRecord } from '../../src/records/run-record.ts';
import { clearListsOfRemoved, forgetInLists } from '../../src/runs/inbox/clear-lists.ts';
import { type Intake, type IntakeTools, openIntake } from '../../src/runs/inbox/intake.ts';
import { lookAtInbox } from '../../src/runs/inbox/look-at-inbox.ts';
import { openSession } from '../../src/runs/inbox/session.ts';
import { readChain } from '../../src/sources/inbox/inbox-log.ts';
import { createInboxSource } from '../../src/sources/inbox/inbox-source.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { createS3StateStore } from '../../src/storage/state/s3/s3-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { startS3Server } from '../helpers/s3-server.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';
import { doorRecord, queueForInbox } from './inbox-record.ts';

const name = 'door';
const whole = { offset: 0, sizeInBytes: 1024 * 1024 };
async function onDisk() {
  const folder = await makeTemporaryFolder();
  return { open: () => createLocalStateStore(folder.path), close: folder.remove };
}

async function onS3() {
  const server = await startS3Server();
  await server.createBucket('state');
  const address = { bucket: 'state', key: 'rollcall' };
  const client = async () => server.client;
  return { open: () => createS3StateStore({ client, address }), close: server.close };
}

describe.each([
  { where: 'on disk', openStates: onDisk },
  { where: 'on S3', openStates: onS3 },
])('who takes in for an inbox, with its state $where', ({ openStates }) => {
  let states: Awaited<ReturnType<typeof openStates>>;
  const intakes: Intake[] = [];
  const backend = queueForInbox();
  afterEach(async () => {
    for (const intake of intakes.splice(0)) await intake.close();
    await states.close();
  });

  /** Another process each time: it knows only what the state says. */
  async function open(state: StateStore, memory: IntakeTools['memory'] = {}): Promise<Intake> {
    const log = pino({ level: 'silent' });
    const intake = await openIntake({ state, backend, inbox: name, log, memory, wishes: false });
    if (!intake) throw new Error('another one takes in');
    intakes.push(intake);
    return intake;
  }

  const photoOf = (subjectId: string) => ({
    subjectId,
    photo: `/p/${subjectId}.jpg`,
    key: Buffer.from(subjectId).toString('hex'),
  });
  const addTo = async (intake: Intake, subjectId: string) => {
    const [taken] = await intake.add([photoOf(subjectId)]);
    return taken;
  };

  /** What a conductor finds in the list of a run, and whether that is all of it. */
  async function listOf(state: StateStore, run: string) {
    const stop = new AbortController();
    const ids: string[] = [];
    let isWhole = false;
    const source = createInboxSource({ state, inbox: name, run, tend: async () => {} });
    const onEnd = () => {
      isWhole = true;
    };
    try {
      const listing = source.list({
        after: undefined,
        signal: stop.signal,
        onPause: () => stop.abort(),
        onEnd,
      });
      for await (const photo of listing) ids.push(photo.subjectId ?? '');
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    return { ids, isWhole };
  }

  it('keeps what comes before and behind a roll-over, for itself and for whoever comes later', async () => {
    states = await openStates();
    const state = states.open();
    await writeInbox(state, { ...doorRecord, rollInMs: 0 });
    const intake = await open(state);
    const first = await addTo(intake, 'anna');
    await intake.settle();
    const second = await addTo(intake, 'bert');
    await intake.settle();
    await writeInbox(state, doorRecord);
    const third = await addTo(intake, 'carla');
    const runs = [first, second, third].map((taken) => taken?.runId ?? '');
    expect(new Set(runs).size).toBe(3);

    const elsewhere = states.open();
    const later = async () => Promise.all(runs.map((run) => listOf(elsewhere, run)));
    const lists = [
      { ids: ['anna'], isWhole: true },
      { ids: ['bert'], isWhole: true },
      { ids: ['carla'], isWhole: false },
    ];
    expect(await later()).toEqual(lists);
    await intake.close();
    const next = await open(elsewhere);
    expect(await addTo(next, 'bert')).toEqual({ ...second, repeated: true });
    expect(await addTo(next, 'dora')).toMatchObject({ runId: third?.runId, seq: 2 });
    expect((await later()).map(({ ids }) => ids)).toEqual([['anna'], ['bert'], ['carla', 'dora']]);
  });

  it('rolls over where the clock was set back by more than the time between two', async () => {
    states = await openStates();
    const state = states.open();
    await writeInbox(state, { ...doorRecord, rollInMs: 24 * 3_600_000 });
    const intake = await open(state);
    const first = await addTo(intake, 'anna');
    await intake.settle();
    expect((await addTo(intake, 'bert'))?.runId).toBe(first?.runId);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 365 * 24 * 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    await intake.settle();
    const next = await addTo(intake, 'carla');
    expect(next).toMatchObject({ seq: 1 });
    expect(await listOf(state, first?.runId ?? '')).toEqual({ ids: ['anna', 'bert'], isWhole: true });
  });

  it('has few sessions, however often two take turns, and each knows what the other took in', async () => {
    states = await openStates();
    const takers = [0, 1].map(() => ({ state: states.open(), memory: {} }));
    await writeInbox(states.open(), doorRecord);
    const ids = Array.from({ length: 12 }, (_, turn) => `emp-${turn}`);
    let run = '';
    for (const [turn, id] of ids.entries()) {
      const { state = states.open(), memory = {} } = takers[turn % 2] ?? {};
      const intake = await open(state, memory);
      const taken = await addTo(intake, id);
      run ||= taken?.runId ?? '';
      expect(taken).toEqual({ runId: run, seq: turn + 1, repeated: false });
      if (turn > 0)
        expect(await addTo(intake, `emp-${turn - 1}`)).toEqual({ runId: run, seq: turn, repeated: true });
      await intake.close();
    }
    const state = states.open();
    expect(await listOf(state, run)).toEqual({ ids, isWhole: false });
    for (const folder of ['claims', 'lists'])
      expect((await state.list(`inboxes/door/${folder}`)).length).toBeLessThanOrEqual(2);
    expect(await lookAtInbox(state, name)).toEqual({ run, count: 12, today: 12 });
  });

  it('ends the list of a run that was cancelled, and goes on with the next one', async () => {
    states = await openStates();
    const state = states.open();
    await writeInbox(state, doorRecord);
    const intake = await open(state);
    const first = await addTo(intake, 'anna');
    await writeControl(state, first?.runId ?? '', 'cancel');
    await intake.settle();
    const second = await addTo(intake, 'bert');
    expect(second).toMatchObject({ seq: 1, repeated: false });
    expect(second?.runId).not.toBe(first?.runId);
    expect(await listOf(state, first?.runId ?? '')).toEqual({ ids: ['anna'], isWhole: true });
    expect(await listOf(state, second?.runId ?? '')).toEqual({ ids: ['bert'], isWhole: false });
    expect(await readInbox(state, name)).toEqual(doorRecord);
  });

  it('says nothing more of who was forgotten, nor of runs that were removed, and knows the keys of others', async () => {
    states = await openStates();
    const state = states.open();
    await writeInbox(state, { ...doorRecord, rollInMs: 0 });
    const intake = await open(state);
    const over = await addTo(intake, 'anna');
    await addTo(intake, 'bert');
    await intake.settle();
    const removed = await addTo(intake, 'carla');
    await intake.settle();
    await writeInbox(state, doorRecord);
    await addTo(intake, 'anna-again');
    const { signal } = new AbortController();
    const run = await readRunRecord(state, over?.runId ?? '');
    if (run) await writeRunRecord(state, { ...run, state: 'finished' });
    for (const file of ['run.json', 'run.first.json'])
      await state.remove(`${runFolderOf(removed?.runId ?? '')}/${file}`);

    const isGone = (subjectId: string) => subjectId.startsWith('anna');
    await forgetInLists(state, { isGone, signal });
    await clearListsOfRemoved(state, signal);
    const texts = await Promise.all(
      (await state.list('inboxes/door/lists')).map(({ name }) =>
        state.readRange(`inboxes/door/lists/${name}`, whole),
      ),
    );
    const said = texts.join('');
    expect(said).not.toMatch(/anna"|anna\.jpg|carla/);
    expect(said).toMatch(/bert/);

    await intake.close();
    const next = await open(states.open());
    expect(await addTo(next, 'bert')).toMatchObject({ runId: over?.runId, seq: 2, repeated: true });
    expect(await addTo(next, 'carla')).toEqual({ ...removed, repeated: true });
    // The list of the run that goes on is left alone.
    expect(await addTo(next, 'anna-again')).toMatchObject({ seq: 1, repeated: true });
    expect(await addTo(next, 'anna')).toMatchObject({ seq: 2, repeated: false });
  });

  it('of an inbox that was closed, keys go with their runs, a week after the list was closed and not before', async () => {
    states = await openStates();
    const state = states.open();
    const dayInMs = 86_400_000;
    for (const [epoch, daysAgo] of [8, 6].entries()) {
      const at = new Date(Date.now() - daysAgo * dayInMs).toISOString();
      const newRun = () => `door-${epoch}`;
      const place = { state, inbox: name };
      const { session } = await openSession(place, { epoch: epoch + 1, before: undefined, newRun });
      await session.append([{ at, from: 1, photos: [photoOf('anna')] }]);
      await session.append([{ at, ends: newRun(), count: 1 }]);
      await session.close();
    }
    await clearListsOfRemoved(state, new AbortController().signal);
    const left = await readChain(state, name);
    expect(left.map(({ header }) => header.run)).toEqual(['door-1']);
    for (const folder of ['claims', 'lists'])
      expect(await state.list(`inboxes/door/${folder}`)).toHaveLength(1);
  });
});
