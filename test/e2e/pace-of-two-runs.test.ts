import { join } from 'node:path';
import { expect, it } from 'vitest';
import { enqueue } from '../../src/runs/enqueue.ts';
import { readRunReport, waitForRun } from '../../src/runs/look-at-runs.ts';
import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { subjectOf, writePhotos } from '../chaos/photo-folder.ts';
import { openScene } from '../chaos/scene.ts';
import { provePace } from '../helpers/prove-pace.ts';
import { until } from '../helpers/until.ts';

const rate = 50;
/** More, and with the figures: FAIR_PHOTOS. */
const photos = Number(process.env.FAIR_PHOTOS ?? 1_000);
const few = 10;

/** While an archive is enrolled by two workers, a script enqueues a few photos: they are not served behind it. */
it('a few photos of a script do not wait for an archive, and both keep to one rate', {
  timeout: (photos / rate) * 3_000 + 120_000,
}, async () => {
  const scene = await openScene({ store: 'redis', photos, latencyInMs: [150, 250] });
  const rollcall = await openRollcall({ environment: scene.environment, folder: scene.stateFolder });
  try {
    const { control } = scene.engine;
    const large = scene.start(['enqueue', scene.photosFolder]);
    expect(await large.ended, large.output.stderr).toBe(0);
    const largeRun = large.output.stdout.trim();
    const workers = [1, 2].map(() => scene.start(['worker', '--rate', `${rate}`]));
    // Its window is full by then, and what is fed waits at the gate.
    await until(async () => (await control.callCount()) > photos / 10, { pollInMs: 100 });

    const folder = join(scene.stateFolder, 'few');
    await writePhotos(folder, { count: few });
    const subjects = Array.from({ length: few }, (_, index) => subjectOf(index + 1));
    const { runId } = await enqueue(
      rollcall,
      subjects.map((subject) => ({ subjectId: `new-${subject}`, photo: join(folder, `${subject}.jpg`) })),
    );
    const callsBefore = await control.callCount();
    const end = await waitForRun(rollcall, runId);
    expect(end).toMatchObject({ kind: 'over', summary: { byStatus: { enrolled: few } } });
    const templateIds = new Set<string | undefined>();
    for await (const line of readRunReport(rollcall, runId)) templateIds.add(line.templateId);
    expect(templateIds.size).toBe(few);
    // By what the engine saw: this process, which loads what it needs as it goes, may be slow to learn of it.
    const lastOfFew = (await control.calls()).findLastIndex(({ templateId }) => templateIds.has(templateId));
    expect(lastOfFew).not.toBe(-1);
    const callsMeanwhile = lastOfFew + 1 - callsBefore;
    // Far fewer than the archive has left were called before the last of them was.
    expect(callsMeanwhile).toBeLessThan(photos / 2);

    await until(() => workers.every((worker) => worker.output.stderr.includes(`Run ${largeRun}: finished`)), {
      limitInMs: (photos / rate) * 2_000 + 60_000,
      what: 'the end of the archive',
    });
    const calls = await control.calls();
    if (process.env.FAIR_PHOTOS)
      console.log(JSON.stringify({ photos, few, callsMeanwhile, calls: calls.length }));
    expect(calls).toHaveLength(photos + few);
    provePace({ calls, rate, holdUps: await scene.holdUps() });
  } finally {
    await rollcall.close();
    await scene.close();
  }
});
