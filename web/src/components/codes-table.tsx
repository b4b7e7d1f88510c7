import type { Meaning } from '../../../src/records/page-data.ts';
import { formatCount, formatShare } from '../format.ts';

interface Props {
  readonly byCode: Readonly<Record<string, number>>;
  readonly meanings: Readonly<Record<string, Meaning>>;
  readonly photos: number;
}

/** Why photos were not enrolled: each code with what it means and what helps, the most frequent first. */
export function CodesTable({ byCode, meanings, photos }: Props) {
  const codes = Object.entries(byCode).sort(([, a], [, b]) => b - a);
  const most = codes[0]?.[1] ?? 1;
  return (
    <div class="table-frame">
      <table class="stack-narrow">
        <thead>
          <tr>
            <th scope="col" class="code">
              Code
            </th>
            <th scope="col" class="number">
              Photos
            </th>
            <th scope="col">Means</th>
            <th scope="col">What helps</th>
          </tr>
        </thead>
        <tbody>
          {codes.map(([code, count]) => (
            <tr key={code}>
              <th scope="row" class="code">
                {code}
              </th>
              <td class="number">
                {formatCount(count)} <span class="muted">({formatShare(count, photos)})</span>
                <div class="meter color-rejected" aria-hidden="true">
                  <span style={{ width: `${(count / most) * 100}%` }} />
                </div>
              </td>
              <td class="full">{meanings[code]?.text ?? '–'}</td>
              <td class="full muted">
                <span class="label">What helps: </span>
                {meanings[code]?.helps ?? '–'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
