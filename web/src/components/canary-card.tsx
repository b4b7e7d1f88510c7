import type { Canary, CanaryFigure } from '../../../src/records/canary.ts';
import { describeCanary } from '../../../src/records/describe-canary.ts';
import { percent } from '../../../src/util/percent.ts';
import { formatCount } from '../format.ts';
import { Card } from './card.tsx';

/** The photos that were called before the rest: what became of them, and what that says of all. */
export function CanaryCard({ canary }: { canary: Canary }) {
  const unmet = canary.rules.filter(({ isMet }) => !isMet).map(({ rule }) => rule);
  const byCount = ([, a]: [string, CanaryFigure], [, b]: [string, CanaryFigure]) => b.photos - a.photos;
  const rows = [
    ...Object.entries(canary.byStatus).sort(byCount),
    ...Object.entries(canary.byCode)
      .sort(byCount)
      .map(([code, figure]): [string, CanaryFigure] => [`code ${code}`, figure]),
  ];
  return (
    <Card title="Canary" remark={canary.state}>
      <p class="sentence">
        {describeCanary(canary)}
        {canary.state !== 'listing' && unmet.length > 0 && `, not met: ${unmet.join(', ')}`}
      </p>
      {rows.length > 0 && (
        <div class="table-frame">
          <table>
            <thead>
              <tr>
                <th scope="col">Outcome</th>
                <th scope="col" class="number">
                  Photos of {formatCount(canary.judged)}
                </th>
                <th scope="col" class="number">
                  Of all, 95 %
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(([name, { photos, share, low, high }]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td class="number">
                    {formatCount(photos)} <span class="muted">({percent(share)})</span>
                  </td>
                  <td class="number">
                    {percent(low, 'down')} to {percent(high, 'up')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
