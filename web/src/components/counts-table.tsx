import { countOf } from '../format.ts';

interface Props {
  readonly counts: Readonly<Record<string, number>>;
  readonly meanings: Readonly<Record<string, string>>;
}

/** Names with how many photos have them, and what each means. */
export function CountsTable({ counts, meanings }: Props) {
  const rows = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return (
    <dl class="counts">
      {rows.map(([name, count]) => (
        <div key={name}>
          <dt>
            {name} <span class="muted">{countOf(count, 'photo')}</span>
          </dt>
          {meanings[name] !== undefined && <dd class="muted">{meanings[name]}</dd>}
        </div>
      ))}
    </dl>
  );
}
