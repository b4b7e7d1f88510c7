import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { smallAndSlow } from './sort-tests.ts';

/** Begins each group of projects with the files that are small and slow. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const isFirst = ({ moduleId }: TestSpecification) =>
      smallAndSlow.includes(relative(this.ctx.config.root, moduleId));
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || Number(isFirst(b)) - Number(isFirst(a)));
  }
}
