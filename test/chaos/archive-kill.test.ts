import { hash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { makeTar } from '../sources/tar-files.ts';
import { makeZip } from '../sources/zip-files.ts';
import { killAndResume } from './kill-and-resume.ts';
import { onlyRunFolder, readReport } from './run-files.ts';
import { openScene, type Scene } from './scene.ts';

const concurrency = 8;

/** The scene's photos, in one file. */
async function pack({ photosFolder }: Scene, name: string): Promise<string> {
  const names = (await readdir(photosFolder)).sort();
  const parts = await Promise.all(
    names.map(async (each) => ({ name: each, content: await readFile(join(photosFolder, each)) })),
  );
  const path = join(photosFolder, '..', name);
  await writeFile(path, name.endsWith('.zip') ? makeZip(parts) : gzipSync(makeTar(parts)));
  return path;
}

it.each(['photos.zip', 'photos.tar.gz'])(
  'a run over %s that is killed twice ends with one line a photo, each under its own name',
  { timeout: 120_000 },
  async (name) => {
    const scene = await openScene({ store: 'embedded', photos: 120, latencyInMs: [100, 150] });
    try {
      const source = await pack(scene, name);
      const figures = await killAndResume(scene, { kills: 2, seed: 1, rate: 60, concurrency, source });
      expect(figures.repeated).toBeLessThanOrEqual(2 * concurrency);
      for (const { subjectId, sha256 } of await readReport(await onlyRunFolder(scene.stateFolder))) {
        const photo = await readFile(join(scene.photosFolder, `${subjectId}.jpg`));
        expect(sha256).toBe(hash('sha256', photo));
      }
    } finally {
      await scene.close();
    }
  },
);
