import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ReportLine } from '../../../src/records/report/report-line.ts';
import { ask, at, textOf, withQuery } from '../api/client.ts';
import type { LinePage } from '../api/types.ts';

export interface LineFilter {
  readonly status?: string;
  readonly code?: string;
  readonly q?: string;
}

interface Found {
  readonly lines: readonly ReportLine[];
  readonly looked: number;
  readonly total: number;
  /** Null: all was looked through; undefined: nothing yet. */
  readonly next: string | null | undefined;
}

const nothing: Found = { lines: [], looked: 0, total: 0, next: undefined };
/** As many as the server gives at once. */
const pageSize = 500;

/**
 * The lines of a run that a filter lets through, a page at a time. The server looks for a moment and says how far it
 * came; it is asked on until there is a page, there is no more, or somebody cancels.
 */
export function useLines(runId: string, filter: LineFilter) {
  const [found, setFound] = useState<Found>(nothing);
  const [isLooking, setLooking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const abort = useRef<AbortController>(undefined);
  const path = withQuery(at('runs', runId, 'lines'), { ...filter, limit: pageSize });

  const look = useCallback(
    async (from: Found) => {
      abort.current?.abort();
      abort.current = new AbortController();
      const { signal } = abort.current;
      const wanted = from.lines.length + pageSize;
      let state = from;
      setLooking(true);
      setProblem(undefined);
      try {
        do {
          const cursor = state.next === undefined ? '' : `&cursor=${encodeURIComponent(state.next ?? '')}`;
          const page = await ask<LinePage>(`${path}${cursor}`, { signal });
          state = { ...page, lines: [...state.lines, ...page.lines] };
          setFound(state);
        } while (state.next !== null && state.lines.length < wanted && !signal.aborted);
      } catch (error) {
        if (!signal.aborted) setProblem(textOf(error));
      }
      if (!signal.aborted) setLooking(false);
    },
    [path],
  );

  useEffect(() => {
    setFound(nothing);
    void look(nothing);
    return () => abort.current?.abort();
  }, [look]);

  const readOn = useCallback(() => {
    if (!isLooking && found.next !== null && found.next !== undefined) void look(found);
  }, [isLooking, found, look]);
  const cancel = useCallback(() => {
    abort.current?.abort();
    setLooking(false);
  }, []);
  return { ...found, isLooking, problem, readOn, cancel };
}
