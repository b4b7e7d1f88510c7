import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Trouble } from '../events.ts';
import { stack } from '../series.ts';

export interface Series {
  readonly name: string;
  /** A custom property of the style sheet, such as `--enrolled`. */
  readonly color: string;
  /** One for each time. */
  readonly values: readonly (number | null)[];
  readonly isDashed?: boolean;
}

interface Props {
  readonly title: string;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  /** The first stands at the bottom where they are stacked. */
  readonly series: readonly Series[];
  readonly isStacked?: boolean;
  readonly troubles?: readonly Trouble[];
  readonly format: (value: number) => string;
}

const heightInPixels = 190;

/** Something over time. Colours are those of the style sheet, in light and dark. */
export function TimeChart(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const shape = props.series.map(({ name }) => name).join('\n');

  // Another set of series is another chart; other values are not.
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => {
      chart.current?.destroy();
      chart.current = new uPlot(optionsOf(latest, element), dataOf(latest.current), element);
    };
    draw();
    const resize = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: heightInPixels }),
    );
    resize.observe(element);
    dark.addEventListener('change', draw);
    return () => {
      dark.removeEventListener('change', draw);
      resize.disconnect();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [shape, props.isStacked]);

  useEffect(() => chart.current?.setData(dataOf(props)), [props]);

  return (
    <figure class="chart" aria-label={`${props.title}, over time`}>
      <h3>{props.title}</h3>
      <div ref={place} />
    </figure>
  );
}

/** Those that stand at the top are drawn first, so that those below them cover what is theirs. */
const drawnOf = ({ series, isStacked = false }: Props) => (isStacked ? series.toReversed() : series);

function dataOf(props: Props): uPlot.AlignedData {
  const values = props.series.map((one) => one.values);
  const drawn = props.isStacked ? stack(values).toReversed() : values;
  return [[...props.times], ...drawn.map((list) => [...list])] as uPlot.AlignedData;
}

function optionsOf(latest: { current: Props }, element: HTMLElement): uPlot.Options {
  const colorOf = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
  const axis = {
    stroke: colorOf('--muted'),
    grid: { stroke: colorOf('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  const { isStacked = false, format } = latest.current;
  return {
    width: element.clientWidth,
    height: heightInPixels,
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] } },
    axes: [
      { ...axis, values: timeLabels, incrs: timeSteps, space: 70, size: 30 },
      { ...axis, size: 58, values: (_plot, splits) => splits.map(format) },
    ],
    legend: {
      markers: {
        width: 0,
        fill: (_plot, at) => colorOf(drawnOf(latest.current)[at - 1]?.color ?? '--muted'),
      },
    },
    series: [
      {
        label: '',
        value: (_plot, time) => (time === null ? '' : new Date(time * 1000).toLocaleTimeString('en-GB')),
      },
      ...drawnOf(latest.current).map(({ name, color, isDashed }, index, all) => ({
        label: name,
        stroke: colorOf(color),
        width: isStacked ? 0 : 1.75,
        ...(isStacked && { fill: colorOf(color) }),
        ...(isDashed && { dash: [6, 5] }),
        ...(uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }),
        points: { show: false },
        // What is stacked is drawn at its sum, and named by its own value.
        value: (_plot: uPlot, _value: number, _series: number, at: number | null) => {
          const place = isStacked ? all.length - 1 - index : index;
          const own = at === null ? undefined : latest.current.series[place]?.values[at];
          return own === undefined || own === null ? '' : format(own);
        },
      })),
    ],
    hooks: { drawClear: [(plot) => shade(plot, latest.current.troubles ?? [], colorOf)] },
  };
}

const [minute, hour, day] = [60, 3_600, 86_400];
/** In seconds. No shorter ones: labels have no fractions. */
const timeSteps = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 4, 6, 8, 12].map((count) => count * hour),
  ...[1, 2, 3, 5, 7, 14, 28, 56, 112].map((count) => count * day),
];

const timeLabels: uPlot.Axis.Values = (_plot, splits, _axis, _space, stepInSeconds) => {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(stepInSeconds >= day ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' }),
    ...(stepInSeconds < 60 && { second: '2-digit' }),
  });
  return splits.map((time) => format.format(time * 1000));
};

function shade(plot: uPlot, troubles: readonly Trouble[], colorOf: (name: string) => string): void {
  const { left, top, width, height } = plot.bbox;
  for (const { from, to, kind } of troubles) {
    const start = Math.max(left, plot.valToPos(from, 'x', true));
    const end = Math.min(left + width, plot.valToPos(to, 'x', true));
    if (!(end > start)) continue;
    plot.ctx.fillStyle = colorOf(kind === 'engine-down' ? '--fault-ground' : '--warning-ground');
    plot.ctx.fillRect(start, top, Math.max(2, end - start), height);
  }
}
