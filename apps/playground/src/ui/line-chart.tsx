import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { t } from '../i18n/t';
import { theme } from '../settings';
import './line-chart.css';

export interface Series {
  name: string;
  values: readonly (number | null)[];
  /** What the others are held against: drawn dashed, so that what it covers can be seen; it hardly changes. */
  isReference?: boolean;
}

export interface LineChartProps {
  label: string;
  /** Where each value stands: steps, epochs. */
  x: readonly number[];
  xName: string;
  /** Up to four curves. */
  series: readonly Series[];
  height?: number;
}

/** Curves, with the same in words and as a table for who does not see them. */
export function LineChart({ label, x, xName, series, height = 240 }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const names = series.map(({ name }) => name).join('\n');
  const data = () => [x, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData;

  // Drawn anew for other curves or colours; new values come below.
  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(options(element, xName, series, height), data(), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [names, xName, height, theme.value]);
  useEffect(() => plot.current?.setData(data()));

  return (
    <figure class="chart" aria-label={label}>
      <div ref={place} aria-hidden="true" />
      <figcaption>
        {series.map((one) => (
          <p key={one.name} class={one.isReference ? 'chart-reference' : undefined}>
            {summary(one)}
          </p>
        ))}
        <details>
          <summary>{t('shell.chartTable')}</summary>
          <ChartTable x={x} xName={xName} series={series} />
        </details>
      </figcaption>
    </figure>
  );
}

/** At most so many rows of the table: evenly chosen, the last among them. */
const ROWS = 50;

function ChartTable({ x, xName, series }: Pick<LineChartProps, 'x' | 'xName' | 'series'>) {
  const every = Math.max(1, Math.ceil(x.length / ROWS));
  const rows = x.map((_, row) => row).filter((row) => (x.length - 1 - row) % every === 0);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{xName}</th>
          {series.map(({ name }) => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row}>
            <th scope="row">{x[row]}</th>
            {series.map(({ name, values }) => (
              <td key={name}>{short(values[row])}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function summary({ name, values, isReference }: Series): string {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (known.length === 0) return `${name}: ${t('shell.chartEmpty')}`;
  if (isReference) return `${name}: ${short(known.at(-1))}`;
  const least = known.reduce((a, b) => Math.min(a, b));
  const most = known.reduce((a, b) => Math.max(a, b));
  const [first, last] = [known[0], known.at(-1)];
  return t('shell.chartSummary', {
    name,
    first: short(first),
    last: short(last),
    least: short(least),
    most: short(most),
  });
}

const short = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : String(Number(value.toPrecision(4)));

function options(
  element: HTMLElement,
  xName: string,
  series: readonly Series[],
  height: number,
): uPlot.Options {
  const color = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
  const axis = {
    stroke: color('--text-soft'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { stroke: color('--line'), width: 1 },
    font: '12px system-ui',
  };
  return {
    width: element.clientWidth || 300,
    height,
    scales: { x: { time: false } },
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    axes: [
      { ...axis, label: xName, labelSize: 20, labelFont: '12px system-ui' },
      { ...axis, size: 56 },
    ],
    series: [
      { label: xName },
      ...series.map(({ name, isReference }, i) => ({
        label: name,
        stroke: color(`--curve-${(i % 4) + 1}`),
        width: 2,
        ...(isReference && { dash: [6, 6] }),
        points: { show: false },
      })),
    ],
  };
}
