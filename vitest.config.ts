import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/setup/slowest-first.ts';
import { sortTests } from './test/setup/sort-tests.ts';

const { unit, endToEnd, others, chaos, pace } = sortTests(import.meta.dirname);

const withServers = { globalSetup: ['test/setup/share-folder.ts'] };

/** One after the other: what measures, or waits for what must come in time, is not held up by what works. */
export default defineConfig({
  test: {
    pool: 'forks',
    // These end what hangs. None of them judges how fast anything is, on a machine that is busy or not.
    testTimeout: 400_000,
    hookTimeout: 400_000,
    expect: { poll: { timeout: 300_000 } },
    sequence: { sequencer: SlowestFirst },
    reporters: ['default', './test/setup/counts-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          // No process, no server, no build. They share a process and what it has loaded.
          name: 'unit',
          include: [...unit],
          setupFiles: ['test/setup/no-processes.ts', 'test/setup/same-inputs.ts'],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...withServers,
          // Each file in a process of its own.
          name: 'suite',
          include: [...others],
          // Twice the cores: each of them waits half of the time.
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          ...withServers,
          // Beside the suite. What they are about happens in processes that they start: their own can be shared.
          name: 'e2e',
          include: [...endToEnd],
          isolate: false,
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          ...withServers,
          name: 'chaos',
          include: [...chaos],
          // They wait for leases, outages and retries more than they work.
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          ...withServers,
          // They leave a core idle most of the time, and see for how long they were held up (test/helpers/hold-ups.ts).
          name: 'pace',
          include: [...pace],
          setupFiles: ['test/setup/prefer.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
