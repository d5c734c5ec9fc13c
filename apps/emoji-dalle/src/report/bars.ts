/** Bars from the tallest to the lowest, as an SVG that stands in a page. */
export function barsSvg(values: readonly number[], { width = 1100, height = 160 } = {}): string {
  const sorted = [...values].sort((a, b) => b - a);
  const highest = Math.max(1, sorted[0] ?? 0);
  const step = width / Math.max(1, sorted.length);
  // The root lets codes be seen that come seldom.
  const bars = sorted.map((value, i) => {
    const tall = height * Math.sqrt(value / highest);
    return `<rect x="${(i * step).toFixed(2)}" y="${(height - tall).toFixed(2)}" width="${step.toFixed(2)}" height="${tall.toFixed(2)}"/>`;
  });
  return `<svg viewBox="0 0 ${width} ${height}" width="100%" role="img" fill="#1f6feb">${bars.join('')}<path d="M0 ${height}H${width}" stroke="#444"/></svg>`;
}
