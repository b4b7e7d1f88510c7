import type { Meaning } from '../../../src/records/page-data.ts';
import type { ReportLine } from '../../../src/records/report/report-line.ts';
import type { RunEventLine } from '../../../src/records/run-events.ts';
import type { Summary } from '../../../src/records/summary.ts';
import type { RunDetail as ServedRun } from '../../../src/serve/api/runs.ts';

export interface Session {
  readonly readOnly: boolean;
  readonly version: string;
}

/** What is asked of a run's page; its events and summary as they are written down. */
export interface RunDetail extends Omit<ServedRun, 'events' | 'summary'> {
  readonly events: readonly RunEventLine[];
  readonly summary: Summary | null;
}

export interface LinePage {
  readonly lines: readonly ReportLine[];
  readonly next: string | null;
  readonly looked: number;
  readonly total: number;
}

export interface LineDetail {
  readonly line: ReportLine;
  readonly history: readonly {
    readonly run: string;
    readonly status: string;
    readonly code: string | null;
    readonly finishedAt: string;
  }[];
  readonly meaning: Meaning | null;
}
