import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await writePhotos(scene.folder, { count: 1 });
});
afterAll(() => scene.close());

/** A job that forgot to name its engine would else enroll into a toy, and nobody would see it. */
it.each([['enqueue .'], ['inbox open door'], ['schedule add nightly --cron 0_2_*_*_* --source .']])(
  '%s says that it is the local engine',
  async (words) => {
    const environment = {
      ROLLCALL_ENGINE: undefined,
      ROLLCALL_ENGINE_URL: undefined,
      OOTO_APP_ID: undefined,
      OOTO_APP_KEY: undefined,
    };
    const args = words.split(' ').map((word) => word.replaceAll('_', ' '));
    const { stderr, exitCode } = await scene.run(args, { environment });
    expect({ stderr, exitCode }).toEqual({
      stderr: expect.stringMatching(/^The local engine is used/),
      exitCode: 0,
    });
  },
);
