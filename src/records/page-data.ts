import type { Canary } from './canary.ts';
import type { Money } from './money.ts';
import type { ReportLine, Status } from './report/report-line.ts';
import type { Aggregates } from './report/run-aggregates.ts';
import type { RunEventLine } from './run-events.ts';
import type { Summary } from './summary.ts';
import type { Undone } from './undo/undone.ts';

/** What a code, or the kind of an error, means and what helps. */
export interface Meaning {
  readonly text: string;
  readonly helps: string;
}

/** A dead letter as the report's table shows it. */
export type PageDeadLetter = Pick<ReportLine, 'seq' | 'subjectId' | 'photo' | 'match'> & {
  readonly status: Status;
  /** The engine's code, else the kind of the error, else the status: a key of `meanings`. */
  readonly code: string;
  readonly message?: string;
};

/**
 * What the HTML report shows: the JSON in its element `<script type="application/json" id="data">`. Whoever puts it
 * there writes `<` as `\u003c`, so that no text ends the element.
 */
export interface PageData {
  readonly schema: 'rollcall.page/1';
  readonly run: {
    readonly id: string;
    readonly state: string;
    readonly createdAt: string;
    readonly updatedAt: string;
    readonly source: string;
    readonly engine: string;
    readonly schedule?: string | undefined;
    readonly waitsFor?: string | undefined;
    /** Photos listed so far. */
    readonly listed: number;
    /** What it costs, where its calls have a price. */
    readonly money?: Money | undefined;
    /** Of a run with `--canary`. */
    readonly canary?: Canary | undefined;
    /** Of one that was undone. */
    readonly undone?: Undone | undefined;
  };
  /** ISO time at which the page was made. */
  readonly madeAt: string;
  /** Of rollcall. */
  readonly version: string;
  /** Absent while the run is not over. */
  readonly summary?: Summary | undefined;
  readonly aggregates: Aggregates;
  readonly events: readonly RunEventLine[];
  readonly meanings: Readonly<Record<string, Meaning>>;
  /** What each warning of `aggregates` means, where that is known. */
  readonly warningMeanings: Readonly<Record<string, string>>;
  /** Not all of them: `aggregates.deadLetters` says how many there are. */
  readonly deadLetters: readonly PageDeadLetter[];
  /** `data:` addresses of small pictures by seq. */
  readonly thumbnails: Readonly<Record<string, string>>;
}
