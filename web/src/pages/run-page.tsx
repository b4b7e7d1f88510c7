import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { at } from '../api/client.ts';
import { follow } from '../api/live.ts';
import type { RunDetail } from '../api/types.ts';
import { useAsk } from '../api/use-ask.ts';
import { Card } from '../components/card.tsx';
import { CodesTable } from '../components/codes-table.tsx';
import { EventsList } from '../components/events-list.tsx';
import { OverTime } from '../components/over-time.tsx';
import { RunProgress } from '../components/run-progress.tsx';
import { StatusShares } from '../components/status-shares.tsx';
import { formatTime } from '../format.ts';

/** One run, as it goes on. */
export function RunPage() {
  const { id = '' } = useRoute().params;
  const { answer: run, problem, setAnswer, again } = useAsk<RunDetail>(at('runs', id));
  useEffect(() => {
    document.title = `Run ${id} – rollcall`;
    return follow({
      run: id,
      on: {
        run: (data) => setAnswer((before) => before && { ...before, ...(data as RunDetail) }),
      },
      onReturn: again,
    });
  }, [id, setAnswer, again]);
  return (
    <main class="page" id="content" tabIndex={-1}>
      {problem !== undefined && <p class="notice fault">{problem}</p>}
      {run ? <Run run={run} /> : problem === undefined && <p class="muted">Reading …</p>}
    </main>
  );
}

function Run({ run }: { run: RunDetail }) {
  const { aggregates } = run;
  return (
    <>
      <header class="head">
        <div>
          <h1>
            Run {run.id} <span class={`badge ${run.state}`}>{run.state}</span>
          </h1>
          <p class="facts">
            <span>{run.source}</span>
            <span>into {run.engine}</span>
            <span>started {formatTime(run.createdAt)}</span>
          </p>
        </div>
      </header>
      {run.waitsFor !== null && <p class="notice warning">{run.waitsFor}</p>}
      <Card title="Progress">
        <RunProgress run={run} />
        <StatusShares byStatus={aggregates.byStatus} total={run.total ?? run.listed} />
      </Card>
      <Card title="Over time">
        <OverTime
          timeline={aggregates.timeline}
          events={run.events}
          rateLimit={run.rateLimit ?? undefined}
          until={run.updatedAt}
        />
      </Card>
      {Object.keys(aggregates.byCode).length > 0 && (
        <Card title="Why photos were not enrolled">
          <CodesTable byCode={aggregates.byCode} meanings={run.meanings ?? {}} photos={aggregates.lines} />
        </Card>
      )}
      <Card title="How the run went">
        <EventsList events={run.events} newestFirst />
      </Card>
    </>
  );
}
