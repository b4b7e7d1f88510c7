import { readFile } from 'node:fs/promises';
import { createFaceReader } from '../../../../src/engines/local/faces/create-face-reader.ts';

/** Looks at photos, all at the same time; prints what was found, and the most memory that it took, in bytes. */
const reader = await createFaceReader({ threads: 2 });
const signal = new AbortController().signal;
const readings = await Promise.all(
  process.argv.slice(2).map(async (path) => {
    const reading = await reader.read(await readFile(path), signal);
    return reading.kind === 'read'
      ? { width: reading.width, height: reading.height, faces: reading.faces.length }
      : reading;
  }),
);
await reader.close();
process.stdout.write(`${JSON.stringify({ readings, maxRss: process.resourceUsage().maxRSS * 1024 })}\n`);
