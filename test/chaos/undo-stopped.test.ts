import assert from 'node:assert/strict';
import { expect, it } from 'vitest';
import { until } from '../helpers/until.ts';
import { openScene } from './scene.ts';

const whyItEnded = 'This process was stopped for too long to go on, or the queue has lost its data';

it('an undoing that was stopped for longer than its lease deletes nothing that was enrolled meanwhile', async () => {
  const photos = 24;
  const scene = await openScene({ store: 'redis', photos, latencyInMs: [100, 200] });
  const { control } = scene.engine;
  const enroll = async (run: string) => {
    const child = scene.start(['run', scene.photosFolder, '--run-id', run, '--rate', '300']);
    assert.equal(await child.ended, 0, child.output.stderr);
  };
  try {
    await enroll('first');
    const before = await control.callCount();
    const undoing = scene.start(['undo', 'first', '--yes', '--concurrency', '2', '--timeout', '3s']);
    await until(async () => (await control.callCount()) >= before + 4, { what: 'calls' });
    undoing.signal('SIGSTOP');
    // It waits until nobody undoes any more.
    await enroll('second');
    const calls = await control.callCount();
    undoing.signal('SIGCONT');
    expect(await undoing.ended).toBe(4);
    expect(undoing.output.stderr).toContain(whyItEnded);
    expect(undoing.output.stderr).not.toContain('internal error');
    expect((await control.calls()).slice(calls)).toEqual([]);
    expect(Object.keys(await control.held())).toHaveLength(photos);

    const again = scene.start(['undo', 'first', '--yes', '--json']);
    expect(await again.ended, again.output.stderr).toBe(0);
    const { byStatus } = JSON.parse(again.output.stdout);
    expect(byStatus).toMatchObject({ impossible: 0 });
    expect(byStatus.kept).toBeGreaterThan(0);
    expect(Object.keys(await control.held())).toHaveLength(photos);
  } finally {
    await scene.close();
  }
});

it('an undoing whose queue has lost everything ends, and is started again', async () => {
  const photos = 60;
  const scene = await openScene({ store: 'redis', photos, latencyInMs: [100, 200] });
  const { control } = scene.engine;
  const undo = ['undo', 'first', '--yes', '--concurrency', '1', '--rate', '5'];
  try {
    const run = scene.start(['run', scene.photosFolder, '--run-id', 'first', '--rate', '300']);
    assert.equal(await run.ended, 0, run.output.stderr);
    const before = await control.callCount();
    const undoing = scene.start(undo);
    await until(async () => (await control.callCount()) >= before + 2, { what: 'calls' });
    await scene.store.wipe();
    expect(await undoing.ended).toBe(4);
    expect(undoing.output.stderr).toContain(whyItEnded);
    const left = Object.keys(await control.held()).length;
    expect(left).toBeGreaterThan(0);

    const again = scene.start([...undo.slice(0, 3), '--rate', '300', '--json']);
    expect(await again.ended, again.output.stderr).toBe(0);
    expect(JSON.parse(again.output.stdout).byStatus).toMatchObject({ reversed: photos });
    expect(await control.held()).toEqual({});
  } finally {
    await scene.close();
  }
});
