import { createHash } from 'node:crypto';
import { v5 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import type { ServerCall } from '../helpers/engine-server-calls.ts';
import { timeHeld } from '../helpers/hold-ups.ts';
import { parseLines } from '../helpers/scene.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { ceilingInMs, firstDelayInMs, outcomeCases, timeoutInMs } from './outcomes-archive.ts';
import {
  concurrency,
  type OutcomesRun,
  photosInArchive,
  runArchive,
  subjectOf,
  writeArchive,
} from './outcomes-run.ts';

const namespace = '6f1a9f5e-0c57-5c0e-9b8a-3d2f7f4f6a11';
/**
 * Besides its delay a retry waits for the slowest call of the photos that came in one job with it, which may get no answer;
 * then for the queue and the gate, on a machine that is busy.
 */
const slackInMs = timeoutInMs + 5_000;
const isDead = ({ status }: ReportLine) => ['rejected', 'failed', 'duplicate'].includes(status);

const kinds = ['embedded', 'redis'] as const;
const runs = new Map<string, OutcomesRun>();
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  const archive = await writeArchive(folder.path);
  // Most of the time is waiting: side by side they take half of it.
  await Promise.all(kinds.map(async (kind) => runs.set(kind, await runArchive(archive, kind))));
}, 300_000);

afterAll(async () => {
  await Promise.all([...runs.values()].map((run) => run.close()));
  await folder.remove();
});

describe.each(kinds)('one archive with every reply, on %s', (kind) => {
  const run = () => {
    const found = runs.get(kind);
    if (!found) throw new Error('the run did not end');
    return found;
  };
  const lineOf = (subjectId: string) => run().report.find((line) => line.subjectId === subjectId);
  const callsOf = (subjectId: string): ServerCall[] => {
    const templateId = uuid(`ooto\n${subjectId.normalize('NFC')}`, namespace);
    // A connection that is reset early told nothing of its photo; there is one such photo.
    return run().scene.engine.calls.filter(
      (call) =>
        call.templateId === templateId ||
        (subjectId.includes('reset-before') && call.played === 'reset-before'),
    );
  };

  it('ends with exit code 1 and says where the dead letters are', () => {
    const { end, report } = run();
    expect(end.stderr).not.toMatch(/fault|stack/);
    expect(end.exitCode).toBe(1);
    expect(end.stdout).toContain(`${report.filter(isDead).length} need attention`);
  });

  it.each(outcomeCases.map((outcome) => [subjectOf(outcome), outcome] as const))(
    'ends %s as the design says, with exactly its calls',
    (subjectId, { line, calls }) => {
      const absent = { calls: undefined, templateId: undefined, error: undefined, warnings: undefined };
      expect({ ...absent, ...lineOf(subjectId) }).toMatchObject(line);
      expect(callsOf(subjectId)).toHaveLength(calls);
    },
  );

  it('sends what the engine takes byte for byte, under the id that the design gives', () => {
    const { report, scene } = run();
    const sent = new Map(scene.engine.calls.map((call) => [call.templateId, call]));
    for (const line of report.filter(({ status }) => status === 'enrolled')) {
      const call = sent.get(uuid(`ooto\n${line.subjectId?.normalize('NFC')}`, namespace));
      const isPrepared = line.warnings?.some((warning) => /rotated|converted/.test(warning)) ?? false;
      expect(call?.photoSha256 === line.sha256, line.subjectId).toBe(!isPrepared);
      expect(call?.violations).toEqual([]);
    }
  });

  it('has one line for every photo, in the order of the manifest, and no overwritten name', async () => {
    const { runId, report, scene } = run();
    const manifest = (await scene.text(runId, 'manifest.jsonl')).trimEnd().split('\n');
    expect(report.map((line) => line.seq)).toEqual(manifest.map((_, index) => index + 1));
    expect(report.map((line) => line.photo)).toEqual(manifest.map((line) => JSON.parse(line).photo));
    expect(report).toHaveLength(photosInArchive);
    const twins = report.filter((line) => line.subjectId === 'twin');
    expect(twins.map(({ status, error }) => [status, error?.kind])).toEqual([
      ['enrolled', undefined],
      ['failed', 'collision'],
    ]);
    expect(callsOf('twin')).toHaveLength(1);
  });

  it('sets aside the same dead letters in the report, in their file and in the queue', async () => {
    const { runId, report, scene, letters } = run();
    const dead = report.filter(isDead);
    expect(parseLines(await scene.text(runId, 'dead-letters.jsonl'))).toEqual(dead);
    const bySeq = (a: unknown, b: unknown) => (a as ReportLine).seq - (b as ReportLine).seq;
    expect(letters.toSorted(bySeq)).toEqual(dead);
  });

  it('counts right in the summary, and gives the hash of the report', async () => {
    const { runId, report, scene } = run();
    const summary = await scene.summary(runId);
    const text = await scene.text(runId, 'report.jsonl');
    expect(summary.reportSha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect(summary.total).toBe(report.length);
    const count = (status: string) => report.filter((line) => line.status === status).length;
    for (const [status, number] of Object.entries(summary.byStatus)) expect(number).toBe(count(status));
    expect(summary.calls).toBe(scene.engine.calls.length);
    expect(summary.notEnrolled).toBe(report.length - count('enrolled'));
    const codes = report.map(({ error }) => error?.code ?? error?.kind).filter((code) => code !== undefined);
    const counted = Object.entries(summary.byCode).flatMap(([code, number]) => Array(number).fill(code));
    expect(counted.toSorted()).toEqual(codes.toSorted());
  });

  it('waits between attempts, up to the exponential delay and its ceiling', async () => {
    const holdUps = await run().scene.holdUps();
    const shares: number[] = [];
    // When the program gave up a reply without an end the engine does not know.
    const cases = outcomeCases.filter(({ name, isTriedAgain }) => isTriedAgain && name !== 'endlessx1');
    for (const outcome of cases) {
      for (const { waitInMs, longestInMs, calledAt } of waitsBetween(callsOf(subjectOf(outcome)))) {
        // What had no core could not call; at least half of the time is taken for its own.
        const heldInMs = Math.min(waitInMs / 2, timeHeld(calledAt - waitInMs, calledAt, holdUps));
        expect(waitInMs - heldInMs, outcome.name).toBeLessThan(longestInMs + slackInMs);
        shares.push(waitInMs / longestInMs);
      }
    }
    expect(shares.length).toBeGreaterThan(20);
    // They do wait. A busy machine makes waits longer, so that the jitter itself is shown without one: with-retry.test.ts.
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.2);
  });

  it.each([
    ['throttled-seconds', 1_000],
    ['throttled-date', 1_000],
  ])('keeps every call of the account back after %s', (name, leastInMs) => {
    const outcome = outcomeCases.find((candidate) => candidate.name === name);
    const [first, second] = callsOf(outcome ? subjectOf(outcome) : '');
    const answeredAt = first?.answeredAtInMs ?? Number.NaN;
    expect((second?.arrivedAtInMs ?? 0) - answeredAt).toBeGreaterThanOrEqual(leastInMs);
    // But for those that were on their way when the answer came; without a pause there would be a hundred.
    const early = run().scene.engine.calls.filter(
      ({ arrivedAtInMs }) => arrivedAtInMs > answeredAt && arrivedAtInMs < answeredAt + leastInMs,
    );
    expect(early.length).toBeLessThan(concurrency);
  });
});

/** From an answer, or from the moment when the program gave up, to the next call of the same photo. */
function waitsBetween(calls: readonly ServerCall[]) {
  return calls.slice(1).map((call, index) => {
    const before = calls[index] as ServerCall;
    const isSilent = before.played === 'silent' || before.played === 'dribble';
    const endedAt = before.arrivedAtInMs + (isSilent ? timeoutInMs : 0);
    // A call's time begins a little before it arrives.
    const waitInMs = Math.max(0, call.arrivedAtInMs - (before.answeredAtInMs ?? endedAt));
    return {
      waitInMs,
      calledAt: Date.parse(call.arrivedAt),
      longestInMs: Math.min(ceilingInMs, firstDelayInMs * 2 ** index),
    };
  });
}
