import type { RunView } from '../../src/serve/api/runs.ts';

/** Both lists as one, the newest run first; of a run that is in both, the second list's. */
export function mergeRuns(known: readonly RunView[], changed: readonly RunView[]): RunView[] {
  const byId = new Map([...known, ...changed].map((run) => [run.id, run]));
  return [...byId.values()].sort((a, b) =>
    a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0,
  );
}
