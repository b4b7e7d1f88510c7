import type { ReportLine, Status } from '../../records/report/report-line.ts';
import type { Aggregates } from '../../records/report/run-aggregates.ts';
import { type RunRecord, runFolderOf } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { isComplete } from './line-files.ts';
import { openRunView, type RunView } from './run-view.ts';

export interface LinesQuery {
  /** Absent: any. */
  readonly statuses?: readonly Status[] | undefined;
  /** The engine's code, else the kind of the error. */
  readonly code?: string | undefined;
  /** Somewhere in subject, photo, reason, ids or metadata; upper and lower case are one. */
  readonly text?: string | undefined;
  /** `next` of the page before; what is none begins at the start. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface LinesPage {
  /** By seq. Fewer than the limit, even none, where the time was over: ask on. */
  readonly lines: readonly ReportLine[];
  /** Null: there are no more by now. */
  readonly next: string | null;
  /** How many lines were looked at up to this page, of how many. */
  readonly looked: number;
  readonly total: number;
}

/**
 * The lines of runs by an index that is made once and grows with a run, so that a page of a million lines needs no reading
 * of all of them. A call works about as long as its slice, and lets others have their turns meanwhile.
 */
export interface RunLines {
  page(run: RunToRead, query: LinesQuery): Promise<LinesPage>;
  /** The line of a photo; undefined: it has none. The first question may take as long as reading the report does. */
  line(run: RunToRead, seq: number): Promise<ReportLine | undefined>;
  /** Of a run under way, or one of an earlier version: of the lines that were read so far. Ask again for the rest. */
  aggregates(run: RunToRead): Promise<Aggregates>;
}

type RunToRead = Pick<RunRecord, 'id' | 'counts'>;

const usualSliceInMs = 400;
/** Whose index is kept: 21 bytes a photo. */
const mostRuns = 4;

export function createRunLines(
  state: StateStore,
  { sliceInMs = usualSliceInMs }: { sliceInMs?: number } = {},
): RunLines {
  const views = new Map<string, RunView>();
  const turns = new Map<string, Promise<unknown>>();

  async function viewOf(id: string): Promise<RunView> {
    const view = views.get(id) ?? (await openRunView(state, { id, runFolder: runFolderOf(id) }));
    // The one that was asked last stands last.
    views.delete(id);
    views.set(id, view);
    for (const oldest of views.keys()) if (views.size > mostRuns) views.delete(oldest);
    return view;
  }

  /** A run that ends under it has its lines elsewhere from then on: they are looked for there. */
  async function answer<Answer>(id: string, ask: (view: RunView) => Promise<Answer>): Promise<Answer> {
    while (true) {
      const view = await viewOf(id);
      const asked = await ask(view).then(
        (given) => ({ given }),
        (fault: unknown) => ({ fault }),
      );
      const isMoved = !view.isReport && (await isComplete(state, runFolderOf(id)));
      if (!isMoved && 'given' in asked) return asked.given;
      views.delete(id);
      if (!isMoved && 'fault' in asked) throw asked.fault;
    }
  }

  /** Questions about one run are answered one after the other. */
  function inTurn<Answer>(id: string, ask: (view: RunView) => Promise<Answer>): Promise<Answer> {
    const given = (turns.get(id) ?? Promise.resolve()).then(() => answer(id, ask));
    const turn = given.then(
      () => {},
      () => {},
    );
    turns.set(id, turn);
    turn.finally(() => turns.get(id) === turn && turns.delete(id));
    return given;
  }

  const slice = () => {
    const end = performance.now() + sliceInMs;
    return () => performance.now() >= end;
  };

  return {
    async page({ id, counts }, { cursor, limit, ...filter }) {
      const after = Math.max(0, Math.floor(Number(cursor ?? 0))) || 0;
      const found = await inTurn(id, (view) => view.look({ filter, after, limit, isLate: slice() }));
      const { lines, upTo, isAtEnd, looked, total } = found;
      return {
        lines,
        next: isAtEnd ? null : String(upTo),
        looked,
        total: isAtEnd ? total : Math.max(total, counts.done),
      };
    },
    line: ({ id }, seq) => inTurn(id, (view) => view.line(seq)),
    aggregates: ({ id }) => inTurn(id, (view) => view.aggregates(slice())),
  };
}
