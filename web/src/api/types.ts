import type { Meaning } from '../../../src/records/page-data.ts';
import type { ReportLine } from '../../../src/records/report-line.ts';
import type { Aggregates } from '../../../src/records/run-aggregates.ts';
import type { RunEventLine } from '../../../src/records/run-events.ts';
import type { Summary } from '../../../src/records/summary.ts';
import type { RunView } from '../../../src/serve/api/runs.ts';

export interface Session {
  readonly readOnly: boolean;
  readonly version: string;
}

export interface AccountView {
  readonly account: string;
  readonly engine: string;
  readonly engineUrl: string;
  readonly health: 'up' | 'throttled' | 'down' | 'paused';
  readonly reason: string | null;
  readonly until: string | null;
  readonly rateLimit: number | null;
  readonly rateNow: number | null;
}

export interface RunDetail extends RunView {
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly changeable: {
    readonly rate: number;
    readonly concurrency: number;
    readonly stopAfterFailures: number | null;
  };
  readonly aggregates?: Aggregates;
  readonly meanings?: Readonly<Record<string, Meaning>>;
  readonly processes: readonly { readonly name: string; readonly host: string; readonly since: string }[];
  readonly events: readonly RunEventLine[];
  readonly summary: Summary | null;
  readonly engineHealth: AccountView;
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

export interface Schedules {
  readonly schedules: readonly {
    readonly name: string;
    readonly cron: string;
    readonly tz: string;
    readonly source: string;
    readonly engine: string;
    readonly next: string | null;
    readonly notifies: boolean;
    readonly nights: readonly {
      readonly run: string;
      readonly state: string;
      readonly createdAt: string;
      readonly done: number;
      readonly deadLetters: number;
    }[];
  }[];
}
