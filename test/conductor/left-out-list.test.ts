import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listSource } from '../../src/conductor/list.ts';
import { createManifestProgress } from '../../src/conductor/manifest-progress.ts';
import type { LeftOut } from '../../src/sources/left-out.ts';
import type { Source } from '../../src/sources/source.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { UsageError } from '../../src/util/errors.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';

let folder: TemporaryFolder;
let state: StateStore;
let number = 0;
beforeAll(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterAll(() => folder.remove());

/** Lists entries in order: `p` is a photo, all else is left out. Breaks before an entry; `error` says how. */
function sourceOf(
  entries: string,
  options: { breakAt?: number; error?: Error; ends?: boolean } = {},
): Source {
  const { breakAt, error = new Error('the drive is away'), ends = true } = options;
  return {
    address: '/given',
    sameSubject: 'repeat',
    leavesOut: true,
    async *list({ after, onLeftOut, onEnd }) {
      for (let index = Number(after?.cursor ?? -1) + 1; index < entries.length; index += 1) {
        if (index === breakAt) throw error;
        if (entries[index] === 'p')
          yield { subjectId: `${index}`, photo: `/given/${index}`, cursor: `${index}` };
        else onLeftOut?.({ path: `${index}.txt`, why: 'no-image' });
      }
      if (ends) onEnd?.({ gaps: 0 });
    },
  };
}

async function list(runId: string, source: Source, limit?: number) {
  const progress = createManifestProgress({ count: 0, sizeInBytes: 0 });
  const { signal } = new AbortController();
  await listSource({ state, runId, openSource: async () => source, progress, limit, signal });
  return progress.end.listed;
}
const nextRun = () => `left-out-${++number}`;
const linesOf = async (runId: string): Promise<LeftOut[]> =>
  ((await state.read(`runs/${runId}/left-out.jsonl`))?.toString() ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('what a list leaves out', () => {
  it('is written down once each and in order, wherever listing was broken off', async () => {
    const entries = fc.array(fc.constantFrom('p', 'x'), { maxLength: 30 }).map((all) => all.join(''));
    const breaks = fc.array(fc.record({ at: fc.nat(30), isDeath: fc.boolean() }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(entries, breaks, async (given, all) => {
        const runId = nextRun();
        for (const { at, isDeath } of all) {
          // What is on its way to the disk is lost with a process, and kept after a fault.
          const error = isDeath ? new UsageError('died', 'died') : new Error('fault');
          await list(runId, sourceOf(given, { breakAt: at, error })).catch(() => undefined);
        }
        const listed = await list(runId, sourceOf(given));
        const expected = [...given].flatMap((kind, index) => (kind === 'p' ? [] : [`${index}.txt`]));
        expect((await linesOf(runId)).map(({ path }) => path)).toEqual(expected);
        expect(listed).toMatchObject({ count: given.length - expected.length, leftOut: expected.length });
        expect(listed?.leftOutBy).toEqual(expected.length > 0 ? { '.txt': expected.length } : undefined);
      }),
      { numRuns: randomInputs(25) },
    );
  });

  it('is not counted where a run of the former version had begun the list', async () => {
    const runId = nextRun();
    const { leavesOut: _, ...former } = sourceOf('pxp', { breakAt: 2 });
    await expect(list(runId, former)).rejects.toThrow('away');
    expect(await list(runId, sourceOf('pxpx'))).not.toHaveProperty('leftOut');
  });
});

describe('a list', () => {
  it('that ends without a word is a fault: the run does not finish with it, and goes on where it stopped', async () => {
    const runId = nextRun();
    await expect(list(runId, sourceOf('pp', { ends: false }))).rejects.toMatchObject({
      exitCode: 4,
      code: 'source-not-whole',
    });
    expect(await list(runId, sourceOf('ppp'))).toMatchObject({ count: 3 });
  });

  it('that --limit cut short is one', async () => {
    expect(await list(nextRun(), sourceOf('pppp'), 2)).toMatchObject({ count: 2 });
  });

  it('says when it had ended', async () => {
    const before = new Date().toISOString();
    const listed = await list(nextRun(), sourceOf('p'));
    expect(listed?.at && listed.at >= before && listed.at <= new Date().toISOString()).toBe(true);
  });
});
