import { readFileSync } from 'node:fs';
import { openSource } from '../../src/sources/open-source.ts';
import { openS3Connection } from '../../src/storage/s3/s3-connection.ts';

/**
 * Lists a source on S3 to its end and prints what that took, as JSON. A process of its own, so that its memory is its own.
 * Needs Linux. Usage: list-source.js <source>
 */
const s3 = openS3Connection({ pathStyle: true });
const startedAt = performance.now();
const source = await openSource(process.argv[2] ?? '', { s3, idFrom: '{id}/{photo}.{ext}' });
let rows = 0;
let secondsToFirstRow = 0;
for await (const photo of source.list({ signal: new AbortController().signal })) {
  if (photo.problem !== undefined) throw new Error(photo.problem);
  if (rows === 0) secondsToFirstRow = (performance.now() - startedAt) / 1000;
  rows += 1;
}
const seconds = (performance.now() - startedAt) / 1000;
await s3.close();
const { user, system } = process.cpuUsage();
const peakInKB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
const figures = {
  rows,
  secondsToFirstRow,
  seconds,
  rowsPerSecond: Math.round(rows / seconds),
  processorSeconds: (user + system) / 1e6,
  peakMemoryInMB: Math.round(peakInKB / 100) / 10,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
