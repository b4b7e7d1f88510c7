import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** What a file must not use in order to be a unit test: processes, by itself or by a helper that it imports. */
const starters = /\bfrom 'node:child_process'|\bfrom 'execa'|\bopenEmbeddedPostgres\b|\brunProgram\b/;

/** A file that measures the memory of its process has one to itself. */
const measuresMemory = /memory[^/]*\.test\.ts$/;

/** A file that measures how fast calls come runs beside nothing that takes all the machine has. */
const measuresPace = /\/pace[^/]*\.test\.ts$/;
const isChaos = /^test\/chaos\//;
/** What is measured or held in these files happens in processes that they start. */
const isEndToEnd = /^test\/e2e\//;

/**
 * In a fresh clone vitest begins with the largest files. These are small and slow: they came last, and the other workers
 * had nothing to do meanwhile.
 */
export const smallAndSlow = [
  'test/queue/conformance-embedded.test.ts',
  'test/queue/conformance-redis.test.ts',
  'test/queue/conformance-cluster.test.ts',
  'test/chaos/crash-points-embedded.test.ts',
  'test/chaos/crash-points-redis.test.ts',
];

/** Paths from the root of the project. */
export interface SortedTests {
  /** Tests that start no process: no server, no command line, no build. */
  readonly unit: readonly string[];
  readonly pace: readonly string[];
  readonly chaos: readonly string[];
  readonly endToEnd: readonly string[];
  readonly others: readonly string[];
}

/**
 * Sorts the test files by what they import, so that nobody need put a new one on a list; `test/setup/no-processes.ts`
 * holds that a unit test starts none by another way.
 */
export function sortTests(root: string): SortedTests {
  const known = new Map<string, boolean>();

  function startsProcesses(path: string): boolean {
    const before = known.get(path);
    if (before !== undefined) return before;
    // Two files that import each other: the first of them decides.
    known.set(path, false);
    const text = readFileSync(join(root, path), 'utf8');
    const answer = starters.test(text) || importsOf(path, text).some(startsProcesses);
    known.set(path, answer);
    return answer;
  }

  /** Only those of `test/`; what types are imported from does not run. */
  function importsOf(path: string, text: string): string[] {
    const named = text.matchAll(/^(?:import|export)\b(?! type\b)[^'";]*?\bfrom '(\.[^']+)'/gms);
    const paths = [...named].map(([, target = '']) => normalize(join(dirname(path), target)));
    return paths.filter((target) => target.startsWith('test/') && existsSync(join(root, target)));
  }

  const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((path) => `test/${path}`)
    .filter((path) => path.endsWith('.test.ts'));
  const sorted = {
    unit: [] as string[],
    pace: [] as string[],
    chaos: [] as string[],
    endToEnd: [] as string[],
    others: [] as string[],
  };
  for (const path of tests) sorted[kindOf(path)].push(path);
  return sorted;

  function kindOf(path: string): keyof SortedTests {
    if (measuresPace.test(path)) return 'pace';
    if (isChaos.test(path)) return 'chaos';
    if (isEndToEnd.test(path)) return 'endToEnd';
    return measuresMemory.test(path) || startsProcesses(path) ? 'others' : 'unit';
  }
}
