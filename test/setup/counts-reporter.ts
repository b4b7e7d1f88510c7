import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** Ends the output with one line that a machine can read: `N passed, N failed`. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed' || state === 'failed' || state === 'skipped') counts[state] += 1;
        else counts.failed += 1;
      }
      // A file that could not be loaded, or a suite whose hook failed, has no test that did.
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
    }
    if (modules.length === 0) counts.failed += 1;
    const skipped = counts.skipped > 0 ? `${counts.skipped} skipped\n` : '';
    process.stdout.write(`${skipped}${counts.passed} passed, ${counts.failed} failed\n`);
  }
}
