import type { Aggregates } from '../../../src/records/report/run-aggregates.ts';
import { formatCount, formatDuration } from '../format.ts';
import { WholePath } from './path.tsx';

export function SlowestTable({ slowest }: { slowest: Aggregates['slowest'] }) {
  return (
    <div class="table-frame">
      <table class="stack-narrow">
        <thead>
          <tr>
            <th scope="col" class="number">
              No.
            </th>
            <th scope="col">Subject</th>
            <th scope="col">Photo</th>
            <th scope="col" class="nowrap">
              Status
            </th>
            <th scope="col" class="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {slowest.map(({ seq, subjectId, photo, status, durationInMs }) => (
            <tr key={seq}>
              <td class="number wide-only">{formatCount(seq)}</td>
              <td>{subjectId ?? '–'}</td>
              <td class="full muted last">{photo === undefined ? '–' : <WholePath path={photo} />}</td>
              <td class="wide-only nowrap">{status}</td>
              <td class="number">{formatDuration(durationInMs / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
