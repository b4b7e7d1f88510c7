import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createWorkCounters } from '../../src/runs/metrics/work-counters.ts';

/**
 * What it costs a worker that it is watched: processor time a photo, the least of three rounds, for metrics and for traces
 * of each photo (the collector, in the same process, included). Prints Markdown.
 */
const rounds = 3;

/** Microseconds of processor time a photo. */
async function usedIn(photos: number, action: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / photos;
}

function countPhotos(photos: number): Promise<number> {
  const { watch } = createWorkCounters();
  const error = { kind: 'rejected', code: '5', message: '' } as const;
  return usedIn(photos, () => {
    for (let seq = 0; seq < photos; seq += 1) {
      watch.begin()('enrolled');
      watch.finished(seq % 10 ? { status: 'enrolled' } : { status: 'rejected', error }, 'ooto');
    }
  });
}

/** At 100 photos every 20 ms, so that nothing is dropped. */
async function tracePhotos(url: string, photos: number): Promise<number> {
  const { openTracing } = await import('../../src/runs/tracing/open-tracing.ts');
  const tracing = openTracing({ url, withSubjects: false });
  return usedIn(photos, async () => {
    for (let seq = 1; seq <= photos; seq += 1) {
      const photo = { run: 'run', seq, subjectId: '', photo: '' };
      const work = tracing.work({ ...photo, traceparent: tracing.queued(photo) });
      for (const name of ['fetch', 'prepare', 'wait', 'call']) work.begin(name).end();
      work.end({ status: 'enrolled', attempts: 1 });
      if (seq % 100 === 0) await delay(20);
    }
    await tracing.close();
  });
}

async function least(measure: () => Promise<number>): Promise<number> {
  const results: number[] = [];
  for (let round = 0; round < rounds; round += 1) results.push(await measure());
  return Math.min(...results);
}

const collector = createServer((request, response) => request.resume().on('end', () => response.end('{}')));
collector.listen(0, '127.0.0.1');
await once(collector, 'listening');
const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
await countPhotos(20_000);
console.log('| a photo that is | costs |\n| --- | --- |');
console.log(`| counted | ${(await least(() => countPhotos(300_000))).toFixed(1)} µs |`);
console.log(`| traced | ${Math.round(await least(() => tracePhotos(url, 5_000)))} µs |`);
collector.close();
