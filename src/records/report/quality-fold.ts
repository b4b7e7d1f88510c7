import { createGrowingScale, type GrowingScale, type ScaleRow } from './growing-scale.ts';

/** A measure's numbers; `missing`: photos that have others, but not this. */
export interface QualityHistogram {
  readonly bounds: number[];
  readonly counts: number[];
  readonly missing: number;
}

const bucketsOfMeasure = 40;
const finestWidth = 2 ** -10;
/** Beyond it a number is none that a chart could show. */
const largest = 2 ** 40;
/** OOTO's page has 14. */
const mostMeasures = 50;
const longestNameInCharacters = 100;

/**
 * What engines say of photos, by measure: a number, or `{ value }` or `{ score }`, as OOTO has them; `true` counts as 1 and
 * `false` as 0. Anything else says nothing.
 */
export function createQualityFold() {
  const measures = new Map<string, Measure>();
  let photos = 0;

  const measureOf = (name: string): Measure | undefined => {
    const known = measures.get(name);
    if (known || measures.size >= mostMeasures || name.length > longestNameInCharacters) return known;
    const scale = createGrowingScale({ finest: finestWidth, most: bucketsOfMeasure });
    const measure = { scale, row: scale.newRow(), photos: 0 };
    measures.set(name, measure);
    return measure;
  };

  return {
    add(quality: Readonly<Record<string, unknown>>): void {
      photos += 1;
      for (const name in quality) {
        const number = numberOf(quality[name]);
        if (number === undefined || !(Math.abs(number) < largest)) continue;
        const measure = measureOf(name);
        if (!measure) continue;
        const slot = measure.scale.slotOf(number);
        measure.photos += 1;
        measure.row[slot] = (measure.row[slot] ?? 0) + 1;
      }
    },
    build: (): Record<string, QualityHistogram> =>
      Object.fromEntries([...measures].map(([name, measure]) => [name, histogramOf(measure, photos)])),
  };
}

interface Measure {
  readonly scale: GrowingScale;
  readonly row: ScaleRow;
  photos: number;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'object' || value === null) return undefined;
  const number = 'value' in value ? value.value : 'score' in value ? value.score : undefined;
  return typeof number === 'number' ? number : undefined;
}

/** From the lower edge of the first bucket to the upper one of the last: nothing is below or above. */
function histogramOf({ scale, row, photos }: Measure, of: number): QualityHistogram {
  const inside = scale.read(row);
  const { start = 0, width } = scale;
  return {
    bounds: Array.from({ length: inside.length + 1 }, (_, index) => start + index * width),
    counts: [0, ...inside, 0],
    missing: of - photos,
  };
}
