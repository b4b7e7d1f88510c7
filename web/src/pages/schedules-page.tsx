import { useEffect } from 'preact/hooks';
import type { ScheduleList } from '../../../src/serve/api/schedules.ts';
import { useAsk } from '../api/use-ask.ts';
import { SourceName } from '../components/path.tsx';
import { runAddress } from '../components/run-head.tsx';
import { countOf, formatCount, formatTime } from '../format.ts';

export function SchedulesPage() {
  const { answer, problem } = useAsk<ScheduleList>('/schedules');
  useEffect(() => {
    document.title = 'Schedules – rollcall';
  }, []);
  return (
    <main class="page" id="content" tabIndex={-1}>
      <h1>Schedules</h1>
      {problem !== undefined && <p class="notice fault">{problem}</p>}
      {answer?.schedules.length === 0 && (
        <section class="card">
          <p>There is no schedule yet.</p>
          <p class="muted">
            Make one:{' '}
            <span class="mono">rollcall schedule add nightly --cron '0 2 * * *' --source ./photos</span>
          </p>
        </section>
      )}
      {answer?.schedules.map((schedule) => (
        <ScheduleCard key={schedule.name} schedule={schedule} />
      ))}
    </main>
  );
}

function ScheduleCard({ schedule }: { schedule: ScheduleList['schedules'][number] }) {
  const { name, cron, tz, source, engine, next, notifies, nights } = schedule;
  return (
    <section class="card">
      <header>
        <h2>{name}</h2>
        <span class="muted small">
          <span class="mono">{cron}</span> in {tz}, next {next === null ? 'never' : formatTime(next)}
        </span>
      </header>
      <p class="muted">
        <SourceName source={source} /> into {engine}.{' '}
        {notifies ? 'Somebody is told of failures.' : 'Nobody is told of failures.'}
      </p>
      {nights.length === 0 ? (
        <p class="muted">It has not run yet.</p>
      ) : (
        <div class="table-frame">
          <table class="stack-narrow">
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">State</th>
                <th scope="col">Started</th>
                <th scope="col" class="number">
                  Done
                </th>
                <th scope="col" class="number">
                  Dead letters
                </th>
              </tr>
            </thead>
            <tbody>
              {nights.map((night) => (
                <tr key={night.run}>
                  <td>
                    <a href={runAddress(night.run)}>{night.run}</a>
                  </td>
                  <td>
                    <span class={`badge ${night.state}`}>{night.state}</span>
                  </td>
                  <td class="full">{formatTime(night.createdAt)}</td>
                  <td class="number">
                    {formatCount(night.done)} <span class="label">done</span>
                  </td>
                  <td class="number">
                    {formatCount(night.deadLetters)}{' '}
                    <span class="label">
                      {countOf(night.deadLetters, 'dead letter').replace(/^\S+ /, '')}
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
