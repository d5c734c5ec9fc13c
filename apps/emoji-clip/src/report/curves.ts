import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { escapeHtml, scriptJson } from './html';

/** One curve: a value by step. */
export interface Curve {
  label: string;
  colour: string;
  /** In order of steps. */
  points: readonly (readonly [step: number, value: number])[];
}

/** Curves over the same steps, in one chart. */
export interface Chart {
  title: string;
  curves: readonly Curve[];
  /** Written after values: `%`. */
  unit?: string;
}

/**
 * Charts that can be zoomed and read off, as HTML that needs nothing from elsewhere: uPlot (MIT, Leon Sorokin)
 * is in the page.
 */
export function chartsHtml(charts: readonly Chart[]): string {
  const require = createRequire(import.meta.url);
  const script = readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8');
  const style = readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8');
  const data = charts.map(({ title, curves, unit = '' }) => ({
    title,
    unit,
    series: curves.map(({ label, colour }) => ({ label, colour })),
    columns: alignByStep(curves),
  }));
  return `<style>${style}</style>
<div class="charts">${charts.map(({ title }) => `<figure><figcaption>${escapeHtml(title)}</figcaption><div></div></figure>`).join('')}</div>
<script>${script}</script>
<script>
const places = [...document.querySelectorAll('.charts figure > div')];
for (const [i, chart] of ${scriptJson(data)}.entries()) {
  const place = places[i];
  const read = (u, v) => (v == null ? '' : +v.toPrecision(3) + chart.unit);
  new uPlot({
    width: Math.min(560, place.clientWidth || 560), height: 280,
    scales: { x: { time: false } },
    axes: [{ label: 'step' }, { values: (u, values) => values.map((v) => v + chart.unit), size: 60 }],
    series: [{ label: 'step' }, ...chart.series.map((s) => ({ label: s.label, stroke: s.colour, width: 2, spanGaps: true, value: read }))],
  }, chart.columns, place);
}
</script>`;
}

/** One column of steps and one of values for each curve, null where a curve has none. */
function alignByStep(curves: readonly Curve[]): (number | null)[][] {
  const steps = [...new Set(curves.flatMap(({ points }) => points.map(([step]) => step)))].sort(
    (a, b) => a - b,
  );
  return [
    steps,
    ...curves.map(({ points }) => {
      const values = new Map(points);
      return steps.map((step) => values.get(step) ?? null);
    }),
  ];
}
