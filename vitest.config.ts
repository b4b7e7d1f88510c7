import { defineConfig } from 'vitest/config';

/** Tests that measure time or memory: nothing else may run beside them, or they measure that. */
const measured = [
  'test/**/pace*.test.ts',
  'test/**/*memory*.test.ts',
  'test/chaos/!(crash-points|engine-outage).test.ts',
];

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    globalSetup: ['test/setup/provide-redis.ts', 'test/setup/provide-queue.ts'],
    reporters: ['default', './test/setup/counts-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'suite',
          include: ['test/**/*.test.ts'],
          exclude: measured,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'measured',
          include: measured,
          maxWorkers: 1,
          // Once more where something else held the machine up; the list of tests says so.
          retry: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
