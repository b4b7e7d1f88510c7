import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { templateIdOf } from '../../src/engines/registry.ts';
import { type UndoLine, undoLineSchema } from '../../src/records/undo/undo-line.ts';
import { createSeededRandom, type ServerCall } from '../helpers/engine-server-calls.ts';
import { until } from '../helpers/until.ts';
import { subjectOf } from './photo-folder.ts';
import { openScene, type Scene } from './scene.ts';
import type { StoreName } from './stores.ts';

export interface UndoFigures {
  readonly kills: number;
  /** Kills that struck calls which had no answer yet. */
  readonly killsInFlight: number;
  /** Of the undoing, that were made again: in all. */
  readonly repeated: number;
  readonly seconds: number;
}

interface UndoOptions {
  readonly store: StoreName;
  readonly seed: number;
  /** At most: none after it has ended. */
  readonly kills: number;
  /** Of each of the three runs, of which the second meets the first and the third; a multiple of three. */
  readonly photos: number;
  readonly concurrency: number;
}

/**
 * Three runs over people that overlap, each with photos of its own. The second is undone, and whoever undoes it is killed
 * with -9 again and again. In the end each line must be true by the engine's own store, and nobody else's template touched.
 */
export async function undoUnderKills(options: UndoOptions): Promise<UndoFigures> {
  const { store, seed, photos, concurrency } = options;
  const scene = await openScene({ store, photos: 6 * photos, latencyInMs: [100, 200] });
  try {
    const listOf = (place: number, from: number, count: number): List => ({
      name: `run-${place + 1}`,
      people: Array.from({ length: count }, (_, index) => from + index),
      photoOf: (person) => join(scene.photosFolder, `${subjectOf(place * 2 * photos + person)}.jpg`),
    });
    const third = photos / 3;
    const first = listOf(0, 1, photos);
    const second = listOf(1, third + 1, photos);
    const last = listOf(2, photos + 1, photos);
    for (const list of [first, second, last]) await enroll(scene, list);

    const startedAt = performance.now();
    const callsBefore = await scene.engine.control.callCount();
    const output = join(scene.stateFolder, '..', 'undone.jsonl');
    const args = ['undo', second.name, '--yes', '--concurrency', `${concurrency}`, '--output', output];
    const { kills, killsInFlight } = await killAgain(scene, { ...options, args });
    const child = scene.start(args);
    assert.equal(await child.ended, 0, child.output.stderr);

    const lines = await readLines(output);
    assert.deepEqual(lines.map(({ subjectId }) => subjectId).sort(), second.people.map(subjectOf));
    const byPerson = new Map(lines.map((line) => [line.subjectId, line]));
    const held = await scene.engine.control.held();
    for (let person = 1; person <= 2 * photos; person += 1) {
      // Who was stored by another run holds what that one stored, the last if there are two.
      const holder = [last, first].find(({ people }) => people.includes(person));
      const who = `${subjectOf(person)} (seed ${seed})`;
      assert.equal(held[idOf(person)], holder && (await shaOf(holder.photoOf(person))), who);
      const expected = holder === last ? 'kept' : 'reversed';
      const { status } = byPerson.get(subjectOf(person)) ?? {};
      assert.equal(status, second.people.includes(person) ? expected : undefined, who);
    }
    const repeated = countRepeated((await scene.engine.control.calls()).slice(callsBefore));
    assert.ok(repeated <= kills * concurrency, `${repeated} calls were made again after ${kills} kills`);
    return { kills, killsInFlight, repeated, seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    await scene.close();
  }
}

interface List {
  readonly name: string;
  readonly people: readonly number[];
  photoOf(person: number): string;
}

async function enroll(scene: Scene, { name, people, photoOf }: List): Promise<void> {
  const list = join(scene.photosFolder, `${name}.csv`);
  const rows = people.map((person) => `${subjectOf(person)},${photoOf(person)}`);
  await writeFile(list, ['subject_id,photo', ...rows].join('\n'));
  const child = scene.start(['run', list, '--run-id', name, '--rate', '300', '--concurrency', '64']);
  assert.equal(await child.ended, 0, child.output.stderr);
}

/** Most kills strike calls that were seen to arrive; every fifth any moment from the start of the process on. */
async function killAgain(
  scene: Scene,
  { args, seed, kills: most }: UndoOptions & { args: readonly string[] },
): Promise<{ kills: number; killsInFlight: number }> {
  const random = createSeededRandom(seed);
  const { control } = scene.engine;
  let killsInFlight = 0;
  for (let kills = 0; kills < most; kills += 1) {
    const before = await control.callCount();
    const wanted = before + 1 + Math.floor(random() * 6);
    const child = scene.start(args);
    if (random() < 0.2) await Promise.race([delay(random() * 1_500), child.ended]);
    else
      await until(async () => !child.isRunning || (await control.callCount()) >= wanted, { what: 'calls' });
    if (!child.isRunning) return { kills, killsInFlight };
    await child.kill();
    const ofLife = (await control.calls()).slice(before);
    if (ofLife.some(({ abandoned }) => abandoned)) killsInFlight += 1;
  }
  return { kills: most, killsInFlight };
}

function countRepeated(calls: readonly ServerCall[]): number {
  return calls.length - new Set(calls.map(({ templateId }) => templateId)).size;
}

const idOf = (person: number) => templateIdOf({ engine: 'ooto', subjectId: subjectOf(person) });

async function shaOf(photo: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(photo))
    .digest('hex');
}

async function readLines(path: string): Promise<UndoLine[]> {
  const text = await readFile(path, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => undoLineSchema.parse(JSON.parse(line)));
}
