import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { deltaPath } from '../../src/ledger/ledger-files.ts';
import { coverage } from '../../src/runs/coverage.ts';
import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { testCredentials } from '../../test/helpers/engine-server.ts';
import { megabytes } from './watched-run.ts';
import { writeLines } from './write-lines.ts';

/**
 * Measures `rollcall coverage`: a list of people beside a ledger that holds twice as many, three in a hundred of the list
 * not among them. It is measured in a process of its own; no engine is there, and none is called:
 * `node dist-scripts/scripts/bench/coverage.js`.
 *
 * --people 1000000
 */
const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '1000000' },
    // Of the process that it starts.
    folder: { type: 'string' },
  },
});
const people = Number(values.people);
const open = (folder: string) =>
  openRollcall({
    folder,
    settings: { engine: 'ooto', engineUrl: 'http://127.0.0.1:1' },
    environment: { OOTO_APP_ID: testCredentials.appId, OOTO_APP_KEY: testCredentials.appKey },
  });

await (values.folder === undefined ? compare() : look(values.folder));

async function look(folder: string): Promise<void> {
  const rollcall = await open(folder);
  const begun = performance.now();
  const byStatus: Record<string, number> = {};
  const { signal } = new AbortController();
  for await (const { status } of coverage(rollcall, 'people.csv', { signal }))
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  const seconds = Number(((performance.now() - begun) / 1000).toFixed(1));
  await rollcall.close();
  print({ byStatus, seconds, peakMemoryInMB: megabytes(process.resourceUsage().maxRSS * 1024) });
}

async function compare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-coverage-'));
  try {
    await writeLines(join(folder, 'people.csv'), rows());
    const rollcall = await open(folder);
    const { account } = rollcall.engine();
    await rollcall.close();
    const ledger = join(rollcall.settings.state, deltaPath(account, { run: 'first', epoch: 1 }));
    await writeLines(ledger, events());
    const args = [fileURLToPath(import.meta.url), '--folder', folder];
    const { stdout } = await execa(process.execPath, args);
    print({ people, ledgerInMB: megabytes((await stat(ledger)).size), ...JSON.parse(stdout) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function print(figures: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
}

function* rows(): Generator<string> {
  yield 'subject_id,department';
  for (let person = 1; person <= people; person += 1) yield `${subjectOf(person)},"Sales, ${person}"`;
}

function* events(): Generator<string> {
  for (let person = 1; person <= 2 * people; person += 1) {
    if (person % 100 < 3) continue;
    const subjectId = subjectOf(person);
    yield JSON.stringify({
      ...{ schema: 'rollcall.ledger/1', kind: 'enrolled', subjectId, photo: `/archive/${subjectId}.jpg` },
      ...{ version: `v-${person}`, sha256: '0'.repeat(64), templateId: subjectId, idFrom: 'list' },
      ...{ at: '2026-11-01T00:00:00.000Z', source: '/archive/people.csv' },
    });
  }
}

function subjectOf(person: number): string {
  return `employee-${String(person).padStart(9, '0')}`;
}
