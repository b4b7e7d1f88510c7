import type { PageData } from '../../../src/records/page-data.ts';
import { CanaryCard } from '../components/canary-card.tsx';
import { Card } from '../components/card.tsx';
import { CodesTable } from '../components/codes-table.tsx';
import { CountsTable } from '../components/counts-table.tsx';
import { DeadLettersTable } from '../components/dead-letters-table.tsx';
import { EventsList } from '../components/events-list.tsx';
import { Figures } from '../components/figures.tsx';
import { Histogram } from '../components/histogram.tsx';
import { OverTime } from '../components/over-time.tsx';
import { RunFacts } from '../components/run-facts.tsx';
import { SlowestTable } from '../components/slowest-table.tsx';
import { StatusShares } from '../components/status-shares.tsx';
import { countOf, formatDuration, formatTime, timeZone } from '../format.ts';
import { figuresOf, verdictOf } from './verdict.ts';

/** What a run did, to be shown to whoever asked for it. */
export function ReportPage({ data }: { data: PageData }) {
  const { run, aggregates, events, meanings, deadLetters } = data;
  const isEmpty = aggregates.lines === 0;
  return (
    <main class="page">
      <Head data={data} />
      <Verdict data={data} />
      {!isEmpty && (
        <>
          <Figures figures={figuresOf(data)} />
          <Card title="Outcomes">
            <StatusShares byStatus={aggregates.byStatus} total={data.summary?.total ?? run.listed} />
            <CountsTable counts={aggregates.byReason} meanings={reasonMeanings} />
          </Card>
          <Card title="Over time" remark={`Times of ${timeZone()}`}>
            <OverTime timeline={aggregates.timeline} events={events} until={data.madeAt} />
          </Card>
        </>
      )}
      {run.canary && <CanaryCard canary={run.canary} />}
      {Object.keys(aggregates.byCode).length > 0 && (
        <Card title="Why photos were not enrolled" remark={countOf(aggregates.deadLetters, 'dead letter')}>
          <CodesTable byCode={aggregates.byCode} meanings={meanings} photos={aggregates.lines} />
        </Card>
      )}
      {deadLetters.length > 0 && (
        <Card title="Dead letters" remark="Photos that need attention">
          <DeadLettersTable
            letters={deadLetters}
            total={aggregates.deadLetters}
            thumbnails={data.thumbnails}
          />
        </Card>
      )}
      <Qualities data={data} />
      {Object.keys(aggregates.warnings).length > 0 && (
        <Card title="Warnings" remark="Of photos that were sent all the same">
          <CountsTable counts={aggregates.warnings} meanings={data.warningMeanings} />
        </Card>
      )}
      {aggregates.slowest.length > 0 && (
        <Card title="Slowest photos" remark="From the first try to the outcome">
          <SlowestTable slowest={aggregates.slowest} />
        </Card>
      )}
      <Card title="How the run went" remark={countOf(events.length, 'event')}>
        <EventsList events={events} />
      </Card>
      <p class="muted small">
        Made by rollcall {data.version} on {formatTime(data.madeAt)} ({timeZone()}). This file needs no
        network.
      </p>
    </main>
  );
}

function Head({ data: { run } }: { data: PageData }) {
  return (
    <header class="head">
      <div>
        <h1>
          Run {run.id} <span class={`badge ${run.state}`}>{run.state}</span>
        </h1>
        <RunFacts run={run} />
      </div>
    </header>
  );
}

function Verdict({ data }: { data: PageData }) {
  const { kind, text } = verdictOf(data);
  return <p class={`notice ${kind}`}>{text}</p>;
}

function Qualities({ data: { aggregates } }: { data: PageData }) {
  const measures = Object.entries(aggregates.quality);
  const hasDurations = aggregates.durations.counts.some((count) => count > 0);
  if (measures.length === 0 && !hasDurations) return null;
  return (
    <Card title="Quality and time" remark="As the engine reported it">
      <div class="histograms">
        {measures.map(([name, { bounds, counts, missing }]) => (
          <Histogram key={name} name={name} bounds={bounds} counts={counts} missing={missing} />
        ))}
        {hasDurations && (
          <Histogram
            name="time a photo"
            bounds={aggregates.durations.bounds}
            counts={aggregates.durations.counts}
            format={(milliseconds) => formatDuration(milliseconds / 1000)}
          />
        )}
      </div>
    </Card>
  );
}

const reasonMeanings: Readonly<Record<string, string>> = {
  unchanged: 'enrolled by an earlier run, and the same since',
  repeated: 'another photo of the same subject was taken',
  forgotten: 'on the forget list: not sent',
  'rejected-before': 'the engine refused the same photo before',
};
