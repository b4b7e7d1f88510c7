import { join } from 'node:path';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import type { CommandEnd } from '../helpers/command-line.ts';
import { tagPhoto } from '../helpers/engine-server-tag.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { startTestRedis } from '../helpers/redis-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import {
  ceilingInMs,
  firstDelayInMs,
  maxAttempts,
  type OutcomeCase,
  outcomeCases,
  timeoutInMs,
} from './outcomes-archive.ts';

export const concurrency = 16;
/**
 * Between two photos that fail: the engine counts as down when only failures come, and of five in a row the fifth is charged
 * nothing. More than are at work at once on the way to the second of them, so that on a machine that is busy, too, one gets through.
 */
const ordinaryPerCase = 8;
const runId = 'every-reply';

export const photosInArchive = outcomeCases.length * (1 + ordinaryPerCase) + 2;

/** The archive run once, and all that it left behind. */
export interface OutcomesRun {
  readonly runId: string;
  readonly scene: Scene;
  readonly end: CommandEnd;
  readonly report: readonly ReportLine[];
  readonly letters: readonly unknown[];
  close(): Promise<void>;
}

export const subjectOf = ({ name }: OutcomeCase) => {
  const number = outcomeCases.findIndex((outcome) => outcome.name === name) + 1;
  return `${String(number).padStart(2, '0')}-${name}`;
};

export async function runArchive(archive: string, kind: 'embedded' | 'redis'): Promise<OutcomesRun> {
  const redis = kind === 'redis' ? await startTestRedis() : undefined;
  // On the embedded queue: with nothing there, as on a new machine.
  const scene = await openScene({ queue: redis?.url, isFirst: true, isPaced: true });
  const pace = ['--rate', '150', '--concurrency', `${concurrency}`, '--timeout', `${timeoutInMs}ms`];
  const tries = ['--max-attempts', `${maxAttempts}`, '--backoff', `${firstDelayInMs}ms..${ceilingInMs}ms`];
  const end = await scene.start(['run', archive, '--run-id', runId, ...pace, ...tries]).ended;
  return {
    runId,
    scene,
    end,
    report: await scene.report(runId).catch(() => []),
    letters: await scene.letters(),
    async close() {
      await scene.close();
      await redis?.close();
    },
  };
}

/** One photo for each case, ordinary ones between them, and two whose names give one id. */
export async function writeArchive(folder: string): Promise<string> {
  const archive = join(folder, 'archive');
  const ordinary = await makePhoto();
  const another = (label: string) => tagPhoto(ordinary, `ok#${label}`);
  for (const outcome of outcomeCases) {
    const subject = subjectOf(outcome);
    await writeFiles(archive, { [`${subject}.jpg`]: await outcome.photo() });
    for (let number = 1; number <= ordinaryPerCase; number += 1) {
      const name = `${subject.slice(0, 2)}-ordinary-${number}`;
      await writeFiles(archive, { [`${name}.jpg`]: another(name) });
    }
  }
  await writeFiles(archive, { 'x/twin.jpg': another('x'), 'y/twin.jpg': another('y') });
  return archive;
}
