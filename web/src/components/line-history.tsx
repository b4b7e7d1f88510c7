import type { LineDetail } from '../api/types.ts';
import { formatTime } from '../format.ts';
import { runAddress } from './run-head.tsx';

/** What became of a photo, or of its subject, in earlier runs. */
export function LineHistory({ history }: Pick<LineDetail, 'history'>) {
  if (history.length === 0) return <p class="muted">No earlier run knows it.</p>;
  return (
    <ul class="plain-list">
      {history.map(({ run, status, code, finishedAt }) => (
        <li key={run}>
          <a href={runAddress(run)}>{run}</a> {status}
          {code !== null && ` (${code})`} <span class="muted">{formatTime(finishedAt)}</span>
        </li>
      ))}
    </ul>
  );
}
