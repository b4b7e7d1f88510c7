import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { facelessPhoto, facePhoto } from '../../helpers/face-photos.ts';
import { writeFiles } from '../../helpers/photos.ts';
import { openScene, type Scene } from '../../helpers/scene.ts';
import { startEngine } from './engine-process.ts';

describe('rollcall engine --chaos', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  /** What 80 calls without a photo meet, which cost no look at a face. */
  async function misbehaviours(seed: number): Promise<string[]> {
    const shares = '5xx=20%,429=10%,reset=10%,slow=1%,half=10%';
    const { url, command } = await startEngine(scene.folder, ['--chaos', `${shares},seed=${seed}`]);
    const met: string[] = [];
    for (let call = 0; call < 80; call += 1) {
      const form = new FormData();
      form.append('templateId', 'a');
      const headers = { 'APP-ID': 'me', 'APP-KEY': 'x' };
      const reply = await fetch(`${url}/api/v1.0/add`, { method: 'POST', headers, body: form }).catch(
        () => undefined,
      );
      const text = await reply?.text().catch(() => 'half');
      met.push(reply === undefined ? 'reset' : text === 'half' ? 'half' : String(reply.status));
    }
    command.signal('SIGTERM');
    await command.ended;
    return met;
  }

  test('is the same each time, by its seed', async () => {
    const met = await misbehaviours(7);
    for (const what of ['400', '429', 'reset', 'half']) expect(met).toContain(what);
    expect(met.some((status) => /^50[0-3]$/.test(status))).toBe(true);
    expect(await misbehaviours(7)).toEqual(met);
    expect(await misbehaviours(8)).not.toEqual(met);
  });

  test('a run under it ends with the right line for every photo', async () => {
    const { url, command } = await startEngine(scene.folder, [
      '--chaos',
      '5xx=15%,429=5%,reset=20%,half=15%,seed=5',
    ]);
    const photos = Object.fromEntries(
      await Promise.all(
        [0, 1, 5, 10].map(async (number) => [`${number}.jpg`, await facePhoto(number)] as const),
      ),
    );
    await writeFiles(join(scene.folder, 'photos'), { ...photos, 'nobody.jpg': await facelessPhoto() });
    const environment = {
      ROLLCALL_ENGINE: 'local',
      ROLLCALL_ENGINE_URL: `${url}/api/v1.0`,
      ROLLCALL_BACKOFF: '100ms..500ms',
    };
    const run = scene.start(['run', 'photos', '--json', '--max-attempts', '20'], { environment });
    const { stdout, exitCode } = await run.ended;
    expect(exitCode).toBe(1);
    const { retries, byStatus } = JSON.parse(stdout);
    expect(byStatus).toMatchObject({ enrolled: 4, rejected: 1, failed: 0 });
    expect(retries).toBeGreaterThan(0);
    command.signal('SIGTERM');
    await command.ended;
  });
});
