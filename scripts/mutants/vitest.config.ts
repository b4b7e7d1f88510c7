import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { sortTests } from '../../test/setup/sort-tests.ts';

const root = join(import.meta.dirname, '../..');
const rooms = /^test\/(account|engines|records|ledger|conductor|worker|util|runs)\//;

/** The nearest tests: those of the mutated rooms, and of `runs`, that start no process: a run's formats are tried there, too. */
export default defineConfig({
  root,
  test: {
    include: sortTests(root).unit.filter((path) => rooms.test(path)),
    setupFiles: ['test/setup/no-processes.ts'],
    testTimeout: 60_000,
  },
});
