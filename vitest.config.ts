import { defineConfig } from 'vitest/config';
import { sortTests } from './test/setup/sort-tests.ts';

const { unit, measured, others } = sortTests(import.meta.dirname);

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/setup/counts-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          // Pure: no process, no server, no build. They share what they import.
          name: 'unit',
          include: [...unit],
          setupFiles: ['test/setup/no-processes.ts'],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'suite',
          include: [...others],
          globalSetup: ['test/setup/share-folder.ts'],
          setupFiles: process.env.PROF ? ['/tmp/prof/cpu.ts'] : [],
          // One more than there are cores: most of them wait now and then.
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          // Measures time: nothing else may run beside it, or it measures that.
          name: 'measured',
          include: [...measured],
          globalSetup: ['test/setup/share-folder.ts'],
          setupFiles: process.env.PROF ? ['/tmp/prof/cpu.ts'] : [],
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
