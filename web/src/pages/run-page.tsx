import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { at } from '../api/client.ts';
import { follow } from '../api/live.ts';
import type { RunDetail } from '../api/types.ts';
import { useAsk } from '../api/use-ask.ts';
import { session } from '../app/session.ts';
import { CanaryCard } from '../components/canary-card.tsx';
import { Card } from '../components/card.tsx';
import { CodesTable } from '../components/codes-table.tsx';
import { EngineHealth } from '../components/engine-health.tsx';
import { EventsList } from '../components/events-list.tsx';
import { Figures } from '../components/figures.tsx';
import { OverTime } from '../components/over-time.tsx';
import { RunControls } from '../components/run-controls.tsx';
import { RunFacts } from '../components/run-facts.tsx';
import { RunHead } from '../components/run-head.tsx';
import { RunProgress } from '../components/run-progress.tsx';
import { StatusShares } from '../components/status-shares.tsx';
import { countOf, formatTime } from '../format.ts';
import { figuresOfRun } from '../run-outlook.ts';

/** One run, as it goes on. */
export function RunPage() {
  const { id = '' } = useRoute().params;
  const { answer: run, problem, isMissing, setAnswer, again } = useAsk<RunDetail>(at('runs', id));
  useEffect(() => {
    document.title = `Run ${id} – rollcall`;
    if (isMissing) return undefined;
    return follow({
      run: id,
      on: { run: (data) => setAnswer((before) => before && { ...before, ...(data as RunDetail) }) },
      onReturn: again,
    });
  }, [id, isMissing, setAnswer, again]);
  return (
    <main class="page" id="content" tabIndex={-1}>
      <RunHead id={id} title="Overview" {...(run && { state: run.state })}>
        {run && <RunFacts run={run} />}
      </RunHead>
      {problem !== undefined && <p class="notice fault">{problem}</p>}
      {run ? <Run run={run} onChange={again} /> : problem === undefined && <p class="muted">Reading …</p>}
    </main>
  );
}

function Run({ run, onChange }: { run: RunDetail; onChange: () => void }) {
  const { aggregates } = run;
  const isOver = run.state === 'finished' || run.state === 'cancelled';
  return (
    <>
      {run.waitsFor !== null && (
        <p class="notice warning sentence" role="status">
          {run.waitsFor}
        </p>
      )}
      <Figures figures={figuresOfRun(run)} />
      <Card title="Progress">
        <RunProgress run={run} />
        {aggregates && <StatusShares byStatus={aggregates.byStatus} total={run.total ?? run.listed} />}
        {!session.value?.readOnly && <RunControls run={run} onChange={onChange} />}
      </Card>
      {run.canary && <CanaryCard canary={run.canary} />}
      {!isOver && (
        <div class="columns">
          <Card title="Engine">
            <EngineHealth health={run.engineHealth} />
          </Card>
          <Card title="Workers" remark={countOf(run.processes.length, 'process', 'processes')}>
            <Processes processes={run.processes} />
          </Card>
        </div>
      )}
      {aggregates && (
        <Card title="Over time">
          <OverTime
            timeline={aggregates.timeline}
            events={run.events}
            rateLimit={isOver ? undefined : (run.rateLimit ?? undefined)}
            until={run.updatedAt}
          />
        </Card>
      )}
      {aggregates && Object.keys(aggregates.byCode).length > 0 && (
        <Card title="Why photos were not enrolled" remark={countOf(aggregates.deadLetters, 'dead letter')}>
          <CodesTable byCode={aggregates.byCode} meanings={run.meanings ?? {}} photos={aggregates.lines} />
        </Card>
      )}
      <Card title="How the run goes" remark="The newest first">
        <EventsList events={run.events} newestFirst />
      </Card>
      {run.settings && (
        <details class="card">
          <summary>Settings</summary>
          <dl class="facts-list settings">
            {Object.entries(run.settings).map(([name, value]) => (
              <div class="fact" key={name}>
                <dt>{name}</dt>
                <dd>{String(value)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}

function Processes({ processes }: Pick<RunDetail, 'processes'>) {
  if (processes.length === 0)
    return (
      <p class="muted">No process works on this run. To go on: start the same command again, or a worker.</p>
    );
  return (
    <ul class="plain-list">
      {processes.map(({ name, host, since }) => (
        <li key={name}>
          {name}{' '}
          <span class="muted">
            on {host}, since {formatTime(since)}
          </span>
        </li>
      ))}
    </ul>
  );
}
