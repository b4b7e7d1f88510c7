import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { templateIdOf } from '../../src/engines/registry.ts';
import { createSeededRandom, type ServerCall } from '../helpers/engine-server-calls.ts';
import { provePace } from '../helpers/prove-pace.ts';
import { until } from '../helpers/until.ts';
import { subjectOf } from './photo-folder.ts';
import { proveRun } from './prove-run.ts';
import type { RollcallProcess } from './rollcall-process.ts';
import { onlyRunFolder, readParts } from './run-files.ts';
import type { Scene } from './scene.ts';

/** How a run fared that was killed again and again. */
export interface KillFigures {
  readonly kills: number;
  /** Kills at which the engine was working on a call. */
  readonly killsInFlight: number;
  /** Calls that were made again, in all and at most after one kill. */
  readonly repeated: number;
  readonly mostAfterOneKill: number;
  /** Photos that had been called and had no line yet, over all kills: so many calls may be repeated. */
  readonly uncollected: number;
  readonly seconds: number;
}

/**
 * Kills `rollcall run` with -9 at random moments, starts it again each time, and proves that it ends as if nothing had
 * happened. Nine kills in ten strike while calls are made; the others at any moment from the start of the process on.
 */
export async function killAndResume(
  scene: Scene,
  {
    kills,
    seed,
    rate,
    concurrency,
    source = scene.photosFolder,
  }: { kills: number; seed: number; rate: number; concurrency: number; source?: string },
): Promise<KillFigures> {
  const random = createSeededRandom(seed);
  const args = ['run', source, '--rate', `${rate}`, '--concurrency', `${concurrency}`];
  const { control } = scene.engine;
  const startedAt = performance.now();
  const lives: Life[] = [];
  while (lives.length < kills) {
    const callsBefore = await control.callCount();
    const child = scene.start(args);
    // On average as much work a life as is needed for all kills to find some.
    const workInMs = ((scene.photos - callsBefore) / rate / (kills - lives.length + 1)) * 1000;
    const strikesAtWork = random() < 9 / 10;
    if (strikesAtWork) await nextCall(scene, child);
    await Promise.race([delay(random() * 1.6 * workInMs), child.ended]);
    // A call without an answer is in flight, however long the kill takes to come.
    if (strikesAtWork) await callWithoutAnswer(scene, { child, callsBefore });
    assert.ok(child.isRunning, `the run ended before kill ${lives.length + 1}:\n${child.output.stderr}`);
    await child.kill();
    await control.setMode('normal');
    lives.push(await lookBack(scene));
  }
  const last = scene.start(args);
  assert.equal(await last.ended, 0, last.output.stderr);
  const calls = await control.calls();
  const { repeated } = await proveRun(scene, await onlyRunFolder(scene.stateFolder));
  const repeatedAfter = attributeRepeats(calls, lives);
  assert.ok(
    repeatedAfter.every((count) => count <= concurrency),
    `after one kill at most ${concurrency} calls may be repeated, not ${Math.max(...repeatedAfter)}`,
  );
  provePace({ calls, rate, holdUps: await scene.holdUps() });
  return {
    kills,
    killsInFlight: countKillsInFlight(calls, lives),
    repeated,
    mostAfterOneKill: Math.max(...repeatedAfter),
    uncollected: lives.reduce((sum, life) => sum + life.uncollected.size, 0),
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** What was left behind by a process that was killed. */
interface Life {
  /** Calls until then, of this life and of those before. */
  readonly calls: number;
  /** Templates that had been called and whose photos had no line. */
  readonly uncollected: ReadonlySet<string>;
}

/** A kill struck calls in flight if calls of that life lost their client. */
function countKillsInFlight(calls: readonly ServerCall[], lives: readonly Life[]): number {
  const ofLife = (life: number) => calls.slice(lives[life - 1]?.calls ?? 0, lives[life]?.calls);
  return lives.filter((_, life) => ofLife(life).some((call) => call.abandoned)).length;
}

/** Waits for a call to arrive at the engine, or for the process to end. */
async function nextCall({ engine }: Scene, child: RollcallProcess): Promise<void> {
  const before = await engine.control.callCount();
  const arrived = async () => !child.isRunning || (await engine.control.callCount()) > before;
  await until(arrived, { what: 'a call' });
}

/** From now on no call is answered; waits for one. */
async function callWithoutAnswer(
  { engine: { control } }: Scene,
  { child, callsBefore }: { child: RollcallProcess; callsBefore: number },
): Promise<void> {
  await control.setMode('silent');
  const isOne = ({ played }: ServerCall) => played === 'silent';
  const arrived = async () => !child.isRunning || (await control.calls()).slice(callsBefore).some(isOne);
  await until(arrived, { what: 'a call without an answer' });
}

async function lookBack(scene: Scene): Promise<Life> {
  const calls = await scene.engine.control.calls();
  // Killed early enough, it has not even begun a run.
  const parts = await onlyRunFolder(scene.stateFolder).then(readParts, () => ({ seqs: [] }));
  const settled = new Set(parts.seqs.map(templateOf));
  const called = calls.map((call) => call.templateId).filter((id) => id !== undefined);
  return {
    calls: calls.length,
    uncollected: new Set(called.filter((id) => !settled.has(id))),
  };
}

const templateOf = (seq: number) => templateIdOf({ engine: 'ooto', subjectId: subjectOf(seq) });

/**
 * How many calls each kill caused to be made again: those whose photo was called last before it. A photo that had its
 * line by then must not be among them.
 */
function attributeRepeats(calls: readonly ServerCall[], lives: readonly Life[]): number[] {
  const repeatedAfter = lives.map(() => 0);
  const lastLifeOf = new Map<string, number>();
  let life = 0;
  for (const [place, { templateId }] of calls.entries()) {
    while (place >= (lives[life]?.calls ?? Number.POSITIVE_INFINITY)) life += 1;
    if (templateId === undefined) continue;
    const before = lastLifeOf.get(templateId);
    lastLifeOf.set(templateId, life);
    if (before === undefined) continue;
    assert.ok(before < life, `${templateId} was called twice without a kill in between`);
    assert.ok(
      lives[before]?.uncollected.has(templateId),
      `${templateId} was called although it had its line`,
    );
    repeatedAfter[before] = (repeatedAfter[before] ?? 0) + 1;
  }
  return repeatedAfter;
}
