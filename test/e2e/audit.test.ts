import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { type AuditLine, auditLineSchema } from '../../src/records/audit/audit-line.ts';
import { auditSummarySchema } from '../../src/records/audit/audit-summary.ts';
import { driftAway, type Expected } from '../helpers/audited-archive.ts';
import { tagPerson } from '../helpers/engine-server-tag.ts';
import { orLong } from '../helpers/long.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.close());

/** 137 drifts: an exchange is two subjects. */
const drifts = orLong(
  { plain: 40, deleted: 4, replaced: 3, exchanges: 2, twins: 3, sameTwins: 2, returned: 2, gone: 2 },
  {
    plain: 9_723,
    deleted: 40,
    replaced: 37,
    exchanges: 20,
    twins: 40,
    sameTwins: 10,
    returned: 20,
    gone: 40,
  },
);
const rate = '9000';

const parse = (text: string): AuditLine[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => auditLineSchema.parse(JSON.parse(line)));

/** Of a forgotten one who is gone no name is told. */
const told = (expected: Expected) =>
  [...expected]
    .map(([subjectId, status]) => (status === 'forgotten-gone' ? status : `${subjectId} ${status}`))
    .sort();
const said = (lines: readonly AuditLine[]) =>
  lines.map(({ subjectId, status }) => (subjectId === undefined ? status : `${subjectId} ${status}`)).sort();

describe.each(['ooto', 'verihubs'] as const)(
  'rollcall audit, by the language of %s',
  { timeout: 900_000 },
  (language) => {
    let scene: Scene;
    let expected: Expected;
    const lines = async (file: string) => parse(await readFile(join(scene.folder, file), 'utf8'));
    beforeAll(async () => {
      scene = await openScene({
        queue: redis.url,
        language,
        environment: { ROLLCALL_RATE: rate, ROLLCALL_CONCURRENCY: '32', ROLLCALL_LOG_LEVEL: 'silent' },
      });
      expected = await driftAway(scene, language, drifts);
    }, 900_000);
    afterAll(() => scene.close());

    it('finds every drift, calls no twin missing, and raises no other alarm', async () => {
      const before = scene.engine.calls.length;
      const end = await scene.run(['audit', '--sample', 'all', '--output', 'all.jsonl', '--json']);
      expect(end.exitCode, end.stderr).toBe(1);
      const found = await lines('all.jsonl');
      expect(said(found)).toEqual(told(expected));
      const summary = auditSummarySchema.parse(JSON.parse(end.stdout));
      const calls = scene.engine.calls.slice(before);
      expect(summary.verifications + summary.identifications).toBe(calls.length);
      expect(calls.every(({ violations }) => violations.length === 0)).toBe(true);
      expect(summary).toMatchObject({
        total: expected.size,
        sample: 'all',
        population: { unclear: 0, forgotten: drifts.returned + drifts.gone },
      });
      const counted = found.filter(({ about, status }) => about === 'held' && status !== 'present').length;
      const { held } = summary.population;
      expect(summary.bound).toEqual({
        atMost: counted / held,
        confidence: 0.95,
        judged: held,
        missing: counted,
        of: held,
      });
      // Whose template it was that answered is named.
      const shadow = found.find(({ subjectId }) => subjectId === 'exchanged-00001');
      expect(shadow).toMatchObject({ answeredBy: { subjectId: 'exchanged-00002' } });
    });

    it('repairs exactly what is missing or changed, in a run like any other, wherever it is killed', async () => {
      const wrong = [...expected].filter(([, status]) => status === 'missing' || status === 'changed');
      const kills = orLong(0, 3);
      const concurrency = 8;
      const command = ['audit', '--sample', 'all', '--repair', '--concurrency', `${concurrency}`];
      const before = scene.engine.calls.length;
      const repairs = () =>
        scene.engine.calls.slice(before).filter(({ path }) => /\/(add|enroll)/.test(path));
      if (kills > 0) scene.engine.setLatency([20, 40]);
      for (let kill = 1; kill <= kills; kill += 1) {
        const process = scene.start(command);
        const enough = (kill * wrong.length) / (kills + 1);
        await until(() => repairs().length >= enough, { limitInMs: 600_000 });
        process.signal('SIGKILL');
        await process.ended;
      }
      const end = await scene.run([...command, '--output', 'repaired.jsonl', '--json']);
      scene.engine.setLatency([0, 0]);
      expect(end.exitCode, end.stderr).toBe(1);
      const enrolled = repairs().map(({ templateId }) => templateId);
      expect([...new Set(enrolled)].sort()).toEqual(
        wrong.map(([subjectId]) => templateIdOf({ engine: language, subjectId })).sort(),
      );
      expect(enrolled.length - wrong.length).toBeLessThanOrEqual(kills * concurrency);
      // Nobody is asked about again by who goes on with a repair.
      const summary = auditSummarySchema.parse(JSON.parse(end.stdout));
      const asked = scene.engine.calls.length - before - enrolled.length;
      expect(asked).toBe(summary.verifications + summary.identifications);
      const again = await scene.run(['audit', '--sample', 'all', '--output', 'again.jsonl']);
      expect(again.exitCode).toBe(1);
      const repaired = new Map(expected);
      for (const [subjectId] of wrong) repaired.set(subjectId, 'present');
      expect(said(await lines('again.jsonl'))).toEqual(told(repaired));
      expect(await readdir(join(scene.stateFolder, 'audits'))).toHaveLength(3);
    });

    it('goes on where it was killed: a line a subject, and no more asked again than were at work', async () => {
      const kills = orLong(2, 10);
      const concurrency = 4;
      const subjects = orLong(60, expected.size);
      scene.engine.setLatency([20, 40]);
      const before = scene.engine.calls.length;
      const command = ['audit', '--sample', `${subjects}`, '--seed', '7', '--concurrency', `${concurrency}`];
      for (let kill = 1; kill <= kills; kill += 1) {
        const started = scene.engine.calls.length;
        const process = scene.start(command);
        const enough = started + Math.ceil((0.8 * subjects) / kills);
        await until(() => scene.engine.calls.length >= enough, { limitInMs: 300_000 });
        process.signal('SIGKILL');
        await process.ended;
      }
      const end = await scene.run([...command, '--output', 'killed.jsonl', '--json']);
      scene.engine.setLatency([0, 0]);
      expect(end.stderr).toContain('Resuming audit');
      const found = await lines('killed.jsonl');
      const summary = auditSummarySchema.parse(JSON.parse(end.stdout));
      const { heldChosen, forgottenChosen } = summary.population;
      expect(new Set(found.map(({ seq }) => seq)).size).toBe(found.length);
      expect(found).toHaveLength(heldChosen + forgottenChosen);
      const calls = scene.engine.calls.slice(before);
      const verifications = calls.filter(({ path }) => path.endsWith('/verify')).length;
      const identifications = calls.length - verifications;
      // Of each kind: who is killed in the second call is asked both again.
      const most = kills * concurrency;
      expect(verifications - summary.verifications).toBeLessThanOrEqual(most);
      expect(identifications - summary.identifications).toBeLessThanOrEqual(most);
    });
  },
);

describe('rollcall audit', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene({ queue: redis.url });
    await writeFiles(scene.folder, {
      'staff/ann.jpg': tagPerson(await makePhoto(), 'ann'),
      'staff/bert.jpg': tagPerson(await makePhoto(), 'bert'),
    });
  });
  afterAll(() => scene.close());

  it('says of a ledger that knows nobody that it is perhaps another one', async () => {
    const end = await scene.run(['audit']);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('holds nobody') });
  });

  it('ends with 0 where everybody is there, and waits for who mends a refused account', async () => {
    expect(await scene.run(['run', 'staff'])).toMatchObject({ exitCode: 0 });
    const refused = await scene.run(['audit'], { environment: { OOTO_APP_KEY: 'wrong' } });
    expect(refused, refused.stderr).toMatchObject({ exitCode: 3 });
    const end = await scene.run(['audit']);
    expect(end, end.stderr).toMatchObject({ exitCode: 0 });
    expect(end.stderr).toContain('Resuming audit');
    expect(end.stdout).toContain('0 of 2 missing, changed or shadowed (0 %); everybody was judged');
  });

  it('does not send a photo that is another by now, or gone, and is not content with that', async () => {
    const before = scene.engine.calls.length;
    await writeFiles(scene.folder, { 'staff/ann.jpg': tagPerson(await makePhoto(), 'nobody') });
    await rm(join(scene.folder, 'staff/bert.jpg'));
    const end = await scene.run(['audit', '--json']);
    expect(end, end.stderr).toMatchObject({ exitCode: 1 });
    const summary = auditSummarySchema.parse(JSON.parse(end.stdout));
    expect(summary).toMatchObject({ byReason: { 'photo-changed': 1, 'photo-gone': 1 }, findings: 2 });
    expect(summary.bound).toBeUndefined();
    expect(scene.engine.calls).toHaveLength(before);
  });

  it.each([
    ['--sample', '0'],
    ['--sample', 'some'],
    ['--seed', '-1'],
    ['--threshold', '75'],
  ])('refuses %s %s', async (...args) => {
    expect(await scene.run(['audit', ...args])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
