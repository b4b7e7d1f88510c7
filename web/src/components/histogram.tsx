import { countOf, formatMeasure } from '../format.ts';

export interface HistogramData {
  /** Ascending; `counts` has one more: below the first bound, between two, from the last on. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

interface Props extends HistogramData {
  readonly name: string;
  readonly missing?: number;
  readonly format?: (value: number) => string;
}

const height = 72;

/** How many photos have which value, as bars. */
export function Histogram({ name, bounds, counts, missing = 0, format = formatMeasure }: Props) {
  const most = Math.max(1, ...counts);
  const photos = counts.reduce((sum, count) => sum + count, 0);
  const used = trim(counts);
  const shown = counts.slice(used.from, used.to);
  const width = 100 / Math.max(1, shown.length);
  return (
    <figure class="histogram">
      <figcaption>
        <h3>{name}</h3>
        <span class="muted small">
          {countOf(photos, 'photo')}
          {missing > 0 && `, ${countOf(missing, 'without', 'without')}`}
        </span>
      </figcaption>
      {shown.length === 1 ? (
        // One bar for all would say no more.
        <p>{`${photos === 1 ? '' : 'all '}${rangeOf({ bounds, at: used.from, format })}`}</p>
      ) : (
        <>
          <svg
            viewBox={`0 0 100 ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${name}: ${describe({ bounds, counts }, format)}`}
          >
            {shown.map((count, index) => {
              const size = count === 0 ? 0 : Math.max(1.5, (count / most) * height);
              return (
                <rect
                  key={index}
                  x={index * width + width * 0.06}
                  width={width * 0.88}
                  y={height - size}
                  height={size}
                >
                  <title>{`${rangeOf({ bounds, at: index + used.from, format })}: ${countOf(count, 'photo')}`}</title>
                </rect>
              );
            })}
          </svg>
          <div class="ends" aria-hidden="true">
            <span>{lowEnd(bounds, used.from, format)}</span>
            <span>{highEnd(bounds, used.to, format)}</span>
          </div>
        </>
      )}
    </figure>
  );
}

/** The bars between the first and the last that is not empty. */
function trim(counts: readonly number[]): { from: number; to: number } {
  const from = counts.findIndex((count) => count > 0);
  if (from < 0) return { from: 0, to: counts.length };
  return { from, to: counts.findLastIndex((count) => count > 0) + 1 };
}

type Format = (value: number) => string;

function lowEnd(bounds: readonly number[], from: number, format: Format): string {
  const bound = bounds[from - 1];
  return bound === undefined ? `< ${format(bounds[0] ?? 0)}` : format(bound);
}

function highEnd(bounds: readonly number[], to: number, format: Format): string {
  const bound = bounds[to - 1];
  return bound === undefined ? `≥ ${format(bounds.at(-1) ?? 0)}` : format(bound);
}

/** `below 2`, `2 to 4`, `3` where both are the same when rounded, `4 or more`. */
export function rangeOf({
  bounds,
  at,
  format,
}: {
  bounds: readonly number[];
  at: number;
  format: Format;
}): string {
  const [low, high] = [bounds[at - 1], bounds[at]];
  if (low === undefined) return high === undefined ? 'any' : `below ${format(high)}`;
  if (high === undefined) return `${format(low)} or more`;
  return format(low) === format(high) ? format(low) : `${format(low)} to ${format(high)}`;
}

/** Where the middle of all photos lies, in words. */
export function describe({ bounds, counts }: HistogramData, format: Format): string {
  const photos = counts.reduce((sum, count) => sum + count, 0);
  if (photos === 0) return 'no photos';
  let passed = 0;
  const middle = counts.findIndex((count) => {
    passed += count;
    return passed * 2 >= photos;
  });
  return `half of ${countOf(photos, 'photo')} up to ${rangeOf({ bounds, at: middle, format })}`;
}
