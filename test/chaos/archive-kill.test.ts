import { hash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { startS3Server } from '../helpers/s3-server.ts';
import { makeTar } from '../sources/tar-files.ts';
import { makeZip } from '../sources/zip-files.ts';
import { killAndResume } from './kill-and-resume.ts';
import { onlyRunFolder, readReport } from './run-files.ts';
import { openScene, type Scene } from './scene.ts';

const concurrency = 8;

/** The scene's photos, as one file. */
async function pack({ photosFolder }: Scene, name: string): Promise<Buffer> {
  const names = (await readdir(photosFolder)).sort();
  const parts = await Promise.all(
    names.map(async (each) => ({ name: each, content: await readFile(join(photosFolder, each)) })),
  );
  if (name.endsWith('.zip')) return makeZip(parts);
  return name.endsWith('.gz') ? gzipSync(makeTar(parts)) : makeTar(parts);
}

async function putOnDisk(scene: Scene, name: string) {
  const source = join(scene.photosFolder, '..', name);
  await writeFile(source, await pack(scene, name));
  return { source, scene, close: async () => {} };
}

async function putOnS3(scene: Scene, name: string) {
  const server = await startS3Server();
  await server.createBucket('archive');
  await server.put('archive', [[name, await pack(scene, name)]]);
  const start: Scene['start'] = (args) => scene.start(args, { environment: server.environment });
  return { source: `s3://archive/${name}`, scene: { ...scene, start }, close: server.close };
}

it.each([
  { name: 'photos.zip', where: 'a disk', put: putOnDisk, photos: 120, kills: 2 },
  { name: 'photos.tar.gz', where: 'a disk', put: putOnDisk, photos: 120, kills: 2 },
  { name: 'photos.tar', where: 'S3', put: putOnS3, photos: 60, kills: 1 },
  { name: 'photos.tar.gz', where: 'S3', put: putOnS3, photos: 60, kills: 1 },
])(
  'a run over $name on $where that is killed ($kills) ends with one line a photo, each under its own name',
  async ({ name, put, photos, kills }) => {
    const opened = await openScene({ store: 'embedded', photos, latencyInMs: [100, 150] });
    const { source, scene, close } = await put(opened, name);
    try {
      const figures = await killAndResume(scene, { kills, seed: 1, rate: 60, concurrency, source });
      expect(figures.repeated).toBeLessThanOrEqual(kills * concurrency);
      for (const { subjectId, sha256 } of await readReport(await onlyRunFolder(scene.stateFolder))) {
        const photo = await readFile(join(scene.photosFolder, `${subjectId}.jpg`));
        expect(sha256).toBe(hash('sha256', photo));
      }
    } finally {
      await close();
      await scene.close();
    }
  },
);
