import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditSummarySchema } from '../../src/records/audit/audit-summary.ts';
import { tagPerson } from '../helpers/engine-server-tag.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

let redis: TestRedis;
let scene: Scene;
const people = Array.from({ length: 8 }, (_, index) => `person-${index + 1}`);
const price = ['--price', 'enroll=0.003,identify=0.001,delete=0.002'];

beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.close());
beforeEach(async () => {
  scene = await openScene({ queue: redis.url });
  for (const name of people)
    await writeFiles(scene.folder, { [`staff/${name}.jpg`]: tagPerson(await makePhoto(), name) });
  // Its own budget is just enough, and is no budget of what comes after it.
  const run = ['run', './staff', ...price, '--budget', '0.024', '--run-id', 'first'];
  expect(await scene.run(run)).toMatchObject({ exitCode: 0 });
});
afterEach(() => scene.close());

/** @returns how it ended, and how many calls it made */
async function calling(args: readonly string[]) {
  const before = scene.engine.calls.length;
  const end = await scene.run(args);
  return { ...end, calls: scene.engine.calls.length - before };
}
const stopped = (calls: number) => ({ exitCode: 3, calls, stderr: expect.stringContaining('(--budget)') });

describe('a command that is no run has price and budget', () => {
  it('identify: stops before the call that would pass it, and gives out what was paid', async () => {
    const command = ['identify', './staff', ...price, '--budget', '0.0055'];
    const end = await calling([...command, '--format', 'jsonl']);
    expect(end).toMatchObject(stopped(5));
    expect(end.stdout.trim().split('\n')).toHaveLength(5);
    expect(end.stderr).toContain('Cost: 0.005, budget 0.0055');
    const all = await calling(['identify', './staff', ...price, '--json']);
    expect(JSON.parse(all.stdout)).toMatchObject({ photos: 8, money: { atMost: '0.008' } });
  });

  it('audit: counts all its starts, keeps its terms, and goes on with a larger budget', async () => {
    const command = ['audit', '--sample', 'all'];
    const first = await calling([...command, ...price, '--budget', '0.003']);
    expect(first).toMatchObject(stopped(3));
    expect(first.stderr).toContain('To pay: 0.008, and 0.0088 if one call in ten is made again');
    expect(await calling(command)).toMatchObject(stopped(0));
    const last = await calling([...command, '--budget', '0.008', '--json']);
    expect(last, last.stderr).toMatchObject({ exitCode: 0, calls: 5 });
    const { money, identifications } = auditSummarySchema.parse(JSON.parse(last.stdout));
    expect(money).toMatchObject({ atMost: '0.008', budget: '0.008' });
    expect(identifications).toBe(8);
  });

  it('audit: what a start that was killed had set aside counts as spent', async () => {
    scene.engine.setLatency([50, 80]);
    const command = ['audit', '--sample', 'all', ...price, '--budget', '0.007', '--concurrency', '2'];
    const before = scene.engine.calls.length;
    const process = scene.start(command);
    await until(() => scene.engine.calls.length >= before + 3);
    process.signal('SIGKILL');
    await process.ended;
    scene.engine.setLatency([0, 0]);
    expect(await scene.run(command)).toMatchObject({ exitCode: 3 });
    expect(scene.engine.calls.length - before).toBeLessThanOrEqual(7);
  });

  it('audit --repair: one budget for the audit and its repairs, and not that of the run', async () => {
    for (const id of [...scene.engine.templates.keys()].slice(0, 4))
      (scene.engine.templates as Map<string, unknown>).delete(id);
    const command = ['audit', '--sample', 'all', '--repair'];
    const unpaid = await calling([...command, ...price, '--budget', '0.008']);
    expect(unpaid).toMatchObject({ exitCode: 3, calls: 8 });
    expect(unpaid.stderr).toContain('nothing is left of the --budget');
    const first = await calling([...command, '--budget', '0.014']);
    expect(first, first.stderr).toMatchObject(stopped(2));
    const last = await calling([...command, '--budget', '0.02']);
    expect(last, last.stderr).toMatchObject({ exitCode: 1, calls: 2 });
    const repair = (await scene.runIds()).find((id) => id.includes('-repair')) ?? '';
    expect((await scene.record(repair)).settings.budget).toBe('0.012');
    // Nobody gave this one a budget.
    for (const id of [...scene.engine.templates.keys()])
      (scene.engine.templates as Map<string, unknown>).delete(id);
    expect(await calling(command)).toMatchObject({ exitCode: 1, calls: 16 });
  });

  it('undo: says what it will cost, and counts all its starts', async () => {
    const plan = await calling(['undo', 'first', '--dry-run', ...price]);
    expect(plan).toMatchObject({
      calls: 0,
      stdout: expect.stringContaining('To pay: 0.016, and 0.0176'),
    });
    const first = await calling(['undo', 'first', '--yes', ...price, '--budget', '0.007']);
    expect(first).toMatchObject(stopped(3));
    expect(first.stderr).toContain('To pay: 0.016, and 0.0176');
    const again = await calling(['undo', 'first', '--dry-run']);
    expect(again.stdout).toContain('To pay: 0.01, and 0.011');
    expect(await calling(['undo', 'first', '--yes'])).toMatchObject(stopped(0));
    const last = await calling(['undo', 'first', '--yes', '--budget', '1', '--json']);
    expect(last).toMatchObject({ exitCode: 0, calls: 5 });
    expect(JSON.parse(last.stdout)).toMatchObject({ byStatus: { reversed: 8 }, money: { atMost: '0.016' } });
    expect(scene.engine.templates.size).toBe(0);
  });

  it('forget: counts all starts of the same command, and nothing once that is at its end', async () => {
    const command = ['forget', ...people];
    const first = await calling([...command, ...price, '--budget', '0.007']);
    expect(first).toMatchObject(stopped(3));
    expect(first.stderr).toContain('To pay: 0.016');
    expect(await calling(command)).toMatchObject(stopped(0));
    const last = await calling([...command, '--budget', '0.016']);
    expect(last, last.stderr).toMatchObject({ exitCode: 0, calls: 5 });
    expect(last.stdout).toContain('Cost: 0.016, budget 0.016');
    expect(await readdir(join(scene.stateFolder, 'forgotten/engines/ooto/money'))).toEqual([]);
    expect(await calling([...command, ...price])).toMatchObject({ exitCode: 0, calls: 8 });
  });

  it('forget: two of the same at once are done one after the other', async () => {
    const ends = await Promise.all(
      [1, 2].map(() => scene.start(['forget', ...people, ...price, '--budget', '1']).ended),
    );
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(await readdir(join(scene.stateFolder, 'forgotten/engines/ooto/money'))).toEqual([]);
  });

  it('an audit that had a budget without a price leaves nothing behind', async () => {
    expect(await calling(['audit', '--budget', '1'])).toMatchObject({ exitCode: 2, calls: 0 });
    expect(await readdir(join(scene.stateFolder, 'audits')).catch(() => [])).toEqual([]);
  });

  it.each([['identify', './staff'], ['audit'], ['undo', 'first', '--yes'], ['forget', 'person-1']])(
    '%s needs a price for a budget, before anything is done',
    async (...command) => {
      const end = await calling([...command, '--budget', '1']);
      expect(end).toMatchObject({ exitCode: 2, calls: 0, stderr: expect.stringContaining('needs --price') });
    },
  );
});
