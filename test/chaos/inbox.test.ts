import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../helpers/engine-server-calls.ts';
import { orLong } from '../helpers/long.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

const photos = 150;
const kills = orLong(6, 30);

/** Each photo is given again after every kill, with the same key; the inbox rolls over all the while. */
describe('an inbox whose processes are killed again and again', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
    await writeFiles(scene.folder, { 'ann.jpg': await makePhoto() });
  });
  afterAll(() => scene.close());

  it('has one line for each photo, under the number that was answered', async () => {
    const random = createSeededRandom(7);
    const input = Array.from({ length: photos }, (_, index) =>
      JSON.stringify({ subjectId: `s-${index}`, photo: 'ann.jpg', key: `k-${index}` }),
    ).join('\n');
    const opened = await scene.start(['inbox', 'open', 'door', '--roll', '2s']).ended;
    expect(opened, opened.stderr).toMatchObject({ exitCode: 0 });
    let worker = scene.start(['worker']);
    const startAdding = () => scene.start(['inbox', 'add', 'door', '-', '--json'], { input });
    for (let kill = 0; kill < kills; kill += 1) {
      const adding = startAdding();
      await Promise.race([delay(random() * 2_500), adding.ended]);
      adding.signal('SIGKILL');
      await adding.ended;
      if (kill % 2 === 0) continue;
      worker.signal('SIGKILL');
      await worker.ended;
      worker = scene.start(['worker']);
    }
    const last = await startAdding().ended;
    expect(last, last.stderr).toMatchObject({ exitCode: 0 });
    const closed = await scene.start(['inbox', 'close', 'door']).ended;
    expect(closed, closed.stderr).toMatchObject({ exitCode: 0 });
    const answers: { run: string; seq: number }[] = last.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const runs = await until(async () => {
      const ids = await scene.runIds();
      const records = await Promise.all(ids.map((id) => scene.record(id)));
      return records.every(({ state }) => state === 'finished') ? ids : undefined;
    });
    worker.signal('SIGTERM');
    const reports = new Map(await Promise.all(runs.map(async (id) => [id, await scene.report(id)] as const)));
    const lines = [...reports.values()].flat();
    expect(lines.map(({ subjectId }) => subjectId).sort()).toEqual(
      Array.from({ length: photos }, (_, index) => `s-${index}`).sort(),
    );
    expect(new Set(lines.map(({ status }) => status))).toEqual(new Set(['enrolled']));
    for (const [index, { run, seq }] of answers.entries())
      expect(reports.get(run)?.find((line) => line.seq === seq)?.subjectId).toBe(`s-${index}`);
    await worker.ended;
  });
});
