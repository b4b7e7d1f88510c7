import { useEffect, useState } from 'preact/hooks';
import type { RunList, RunView } from '../../../src/serve/api/runs.ts';
import { ask, textOf, withQuery } from '../api/client.ts';
import { follow } from '../api/live.ts';
import { useAsk } from '../api/use-ask.ts';
import { session } from '../app/session.ts';
import { NewRun } from '../components/new-run.tsx';
import { SourceName } from '../components/path.tsx';
import { runAddress } from '../components/run-head.tsx';
import { RunProgress } from '../components/run-progress.tsx';
import { countOf, formatTime } from '../format.ts';
import { mergeRuns } from '../run-list.ts';
import { outlookOf } from '../run-outlook.ts';

const pageSize = 50;

export function RunsPage() {
  const { answer, problem, setAnswer, again } = useAsk<RunList>(withQuery('/runs', { limit: pageSize }));
  useEffect(() => {
    document.title = 'Runs – rollcall';
    return follow({
      on: {
        runs: (data) =>
          setAnswer((list) => list && { ...list, runs: mergeRuns(list.runs, data as readonly RunView[]) }),
      },
      onReturn: again,
    });
  }, [setAnswer, again]);
  return (
    <main class="page" id="content" tabIndex={-1}>
      <header class="head">
        <h1>Runs</h1>
        {!session.value?.readOnly && <NewRun />}
      </header>
      {problem !== undefined && <p class="notice fault">{problem}</p>}
      {answer ? (
        <Runs list={answer} setList={setAnswer} />
      ) : (
        problem === undefined && <p class="muted">Reading …</p>
      )}
    </main>
  );
}

interface RunsProps {
  readonly list: RunList;
  readonly setList: (change: (list: RunList | undefined) => RunList | undefined) => void;
}

function Runs({ list, setList }: RunsProps) {
  const [problem, setProblem] = useState<string>();
  const { runs, unreadable, next } = list;
  const readOn = async () => {
    try {
      const more = await ask<RunList>(withQuery('/runs', { limit: pageSize, cursor: next ?? undefined }));
      setList((before) => before && { ...more, runs: mergeRuns(before.runs, more.runs) });
    } catch (error) {
      setProblem(textOf(error));
    }
  };
  return (
    <>
      {unreadable.map(({ id, problem: why }) => (
        <p key={id} class="notice fault">
          Run {id} cannot be read: {why}
        </p>
      ))}
      {runs.length === 0 ? (
        <section class="card">
          <p>There is no run yet.</p>
          <p class="muted">
            Start one: <span class="mono">rollcall run ./photos</span>
          </p>
        </section>
      ) : (
        <ul class="runs">
          {runs.map((run) => (
            <RunCard key={run.id} run={run} />
          ))}
        </ul>
      )}
      {problem !== undefined && <p class="notice fault">{problem}</p>}
      {next !== null && (
        <div class="buttons">
          <button type="button" onClick={() => void readOn()}>
            Earlier runs
          </button>
        </div>
      )}
    </>
  );
}

function RunCard({ run }: { run: RunView }) {
  return (
    <li class="card run-card">
      <div class="run-name">
        <a href={runAddress(run.id)}>{run.id}</a> <span class={`badge ${run.state}`}>{run.state}</span>
        <p class="muted small">
          <SourceName source={run.source} /> into {run.engine}
          {run.schedule !== undefined && `, schedule ${run.schedule}`}
        </p>
        <p class="muted small">{formatTime(run.createdAt)}</p>
      </div>
      <RunProgress run={run} />
      <div class="run-outlook">
        {run.deadLetters > 0 && (
          <a href={runAddress(run.id, 'review')}>{countOf(run.deadLetters, 'dead letter')}</a>
        )}
        <span class="muted">{outlookOf(run)}</span>
      </div>
      {run.waitsFor !== null && <p class="notice warning sentence">{run.waitsFor}</p>}
    </li>
  );
}
