import type { Aggregates } from '../../../src/records/report/run-aggregates.ts';
import type { RunEventLine } from '../../../src/records/run-events.ts';
import { troublesOf } from '../events.ts';
import { formatMeasure } from '../format.ts';
import { closed, coarser, perSecond, timesOf } from '../series.ts';
import { shownStatuses } from '../statuses.ts';
import { TimeChart } from './time-chart.tsx';

interface Props {
  readonly timeline: Aggregates['timeline'];
  readonly events: readonly RunEventLine[];
  /** Calls a second that the account allows; undefined: not known. */
  readonly rateLimit?: number | undefined;
  /** ISO time up to which a pause that has no end lasts. */
  readonly until: string;
}

const mostSteps = 160;

/** Pace, outcomes and codes of a run, with the times in which it waited. */
export function OverTime({ timeline, events, rateLimit, until }: Props) {
  const { startAt, bucketInSeconds, calls } = timeline;
  if (startAt === null || calls.length === 0) return <p class="muted">No photo is done.</p>;
  // Finer steps than this are noise on a screen.
  const together = Math.ceil(calls.length / mostSteps);
  const stepInSeconds = bucketInSeconds * together;
  const valuesOf = (counts: readonly number[]) => closed(perSecond(coarser(counts, together), stepInSeconds));
  const times = timesOf(startAt, stepInSeconds, Math.ceil(calls.length / together) + 1);
  const troubles = troublesOf(events, Date.parse(until) / 1000);
  const common = { times, troubles, format: (rate: number) => `${formatMeasure(rate)} / s` };
  const found = shownStatuses.filter((status) => timeline.byStatus[status]?.some((count) => count > 0));
  const codes = Object.entries(timeline.byCode);
  return (
    <>
      <TimeChart
        {...common}
        title="Calls"
        series={[
          { name: 'calls', color: '--calls', values: valuesOf(calls) },
          ...(rateLimit === undefined
            ? []
            : [{ name: 'limit', color: '--failed', values: times.map(() => rateLimit), isDashed: true }]),
        ]}
      />
      <TimeChart
        {...common}
        title="Photos by outcome"
        isStacked
        series={found.map((status) => ({
          name: status,
          color: `--${status}`,
          values: valuesOf(timeline.byStatus[status] ?? []),
        }))}
      />
      {codes.length > 0 && (
        <TimeChart
          {...common}
          title={codes.length === 8 ? 'The eight most frequent codes' : 'Codes'}
          isStacked
          series={codes.map(([code, counts], index) => ({
            name: code,
            color: `--code-${index + 1}`,
            values: valuesOf(counts),
          }))}
        />
      )}
      <p class="muted small">
        A photo's calls are counted at the time when it is done: those of an outage stand behind it.
      </p>
      {troubles.length > 0 && (
        <p class="muted small">Shaded: the run was paused, or the engine did not answer.</p>
      )}
    </>
  );
}
