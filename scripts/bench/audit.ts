import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { deltaPath } from '../../src/ledger/ledger-files.ts';
import { answersPathOf } from '../../src/records/audit/audit-record.ts';
import { chooseSubjects } from '../../src/runs/audit/choose-subjects.ts';
import { concludeAudit } from '../../src/runs/audit/conclude-audit.ts';
import { readPlan } from '../../src/runs/audit/plan.ts';
import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { testCredentials } from '../../test/helpers/engine-server.ts';
import { megabytes } from './watched-run.ts';
import { writeLines } from './write-lines.ts';

/**
 * Measures what `rollcall audit` does besides asking: choosing 2,000 of a ledger, writing down all, and concluding an audit
 * of all whose answers are there. Each in a process of its own, by its processor time; no engine is there, and none is called:
 * `node dist-scripts/scripts/bench/audit.js`.
 *
 * --subjects 1000000
 */
const { values } = parseArgs({
  options: {
    subjects: { type: 'string', default: '1000000' },
    // Of the processes that it starts.
    folder: { type: 'string' },
    part: { type: 'string' },
  },
});
const subjects = Number(values.subjects);
const { signal } = new AbortController();
const open = (folder: string) =>
  openRollcall({
    folder,
    settings: { engine: 'ooto', engineUrl: 'http://127.0.0.1:1' },
    environment: { OOTO_APP_ID: testCredentials.appId, OOTO_APP_KEY: testCredentials.appKey },
  });

await (values.folder === undefined ? compare() : measure(values.folder, values.part ?? ''));

async function measure(folder: string, part: string): Promise<void> {
  const rollcall = await open(folder);
  const begun = process.cpuUsage();
  if (part === 'choose')
    await chooseSubjects(rollcall, { id: 'some', sample: { count: 2_000 }, seed: 7, signal });
  if (part === 'all') await chooseSubjects(rollcall, { id: 'all', sample: { share: 1 }, seed: 7, signal });
  if (part === 'conclude')
    await concludeAudit(rollcall, record(), { terms: { price: undefined, budget: undefined }, signal });
  const { user, system } = process.cpuUsage(begun);
  const seconds = Number(((user + system) / 1e6).toFixed(1));
  await rollcall.close();
  print({ seconds, peakMemoryInMB: megabytes(process.resourceUsage().maxRSS * 1024) });
}

async function compare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-audit-'));
  try {
    const rollcall = await open(folder);
    const { account } = rollcall.engine();
    const { state } = rollcall.settings;
    await writeLines(join(state, deltaPath(account, { run: 'first', epoch: 1 })), events());
    const part = async (name: string) => {
      const own = fileURLToPath(import.meta.url);
      const args = [own, '--folder', folder, '--part', name, '--subjects', String(subjects)];
      const { stdout } = await execa(process.execPath, args);
      return JSON.parse(stdout) as { seconds: number; peakMemoryInMB: number };
    };
    const choose = await part('choose');
    const all = await part('all');
    await writeLines(join(state, answersPathOf('all')), answers(rollcall.state));
    const conclude = await part('conclude');
    await rollcall.close();
    print({
      subjects,
      chooseSeconds: choose.seconds,
      choosePeakInMB: choose.peakMemoryInMB,
      allSeconds: all.seconds,
      concludeSeconds: conclude.seconds,
      peakMemoryInMB: Math.max(all.peakMemoryInMB, conclude.peakMemoryInMB),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function print(figures: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
}

function record() {
  const population = { held: subjects, heldChosen: subjects, forgotten: 0, forgottenChosen: 0, unclear: 0 };
  return {
    ...({
      schema: 'rollcall.audit-record/1',
      id: 'all',
      engine: 'ooto',
      engineUrl: '',
      account: '',
    } as const),
    ...{ sample: 'all', seed: 7, threshold: 0.75, createdAt: new Date().toISOString(), population },
    state: 'asking' as const,
  };
}

async function* answers(state: Parameters<typeof readPlan>[0]): AsyncGenerator<string> {
  const finishedAt = new Date().toISOString();
  for await (const planned of readPlan(state, 'all')) {
    const best = { templateId: planned.templateId, similarity: 0.97 };
    yield JSON.stringify({ ...planned, answer: { best, identifications: 1, finishedAt } });
  }
}

/** A hundred folders; every tenth subject was enrolled twice. */
function* events(): Generator<string> {
  for (let person = 1; person <= subjects; person += 1) {
    const subjectId = `employee-${String(person).padStart(9, '0')}`;
    for (let time = person % 10 === 0 ? 0 : 1; time <= 1; time += 1)
      yield JSON.stringify({
        ...{ schema: 'rollcall.ledger/1', kind: 'enrolled', run: 'first', subjectId },
        ...{ photo: `/archive/${person % 100}/${subjectId}.jpg`, version: `v-${person}` },
        ...{ sha256: '0'.repeat(64), templateId: subjectId, idFrom: 'list' },
        ...{ at: `2026-11-0${time + 1}T00:00:00.000Z`, source: '/archive/people.csv' },
      });
  }
}
