import { once } from 'node:events';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { compileSource } from '../helpers/compiled-source.ts';
import { startEmbeddedQueue } from '../helpers/queue-servers.ts';
import { runChild } from '../helpers/run-child.ts';
import { enrolled, setStage } from './conducting.ts';
import { givenSource } from './given-source.ts';

it('what a worker had in work when it was killed is run again while the run goes on', async () => {
  const compiled = await compileSource();
  const server = await startEmbeddedQueue();
  onTestFinished(() => server.close());
  const killed = new AbortController();
  const stage = await setStage(server, {
    source: givenSource(8),
    // Two photos are in these hands until four are in others.
    concurrency: 2,
    async work(job, signal) {
      if (!killed.signal.aborted) await once(killed.signal, 'abort', { signal });
      return enrolled(job, signal);
    },
  });
  onTestFinished(() => stage.close());
  const logged: unknown[] = [];
  const log = pino({ level: 'info' }, { write: (line) => void logged.push(JSON.parse(line)) });
  const conducted = stage.conduct({ log });
  const child = runChild(compiled.pathOf('test/queue/worker-child.ts'), [
    ...[server.queue, server.stateFolder, stage.runId],
  ]);
  await child.line();
  await child.kill();
  killed.abort();
  expect(await conducted).toMatchObject({ kind: 'over' });
  expect((await stage.report()).map(({ status }) => status)).toEqual(Array(8).fill('enrolled'));
  expect(logged).toContainEqual(
    expect.objectContaining({ jobs: 4, msg: 'what a dead process had in work is run again' }),
  );
});
