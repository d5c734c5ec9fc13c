import { CONTACT_SHEET_STYLE } from './contact-sheet';
import { escapeHtml } from './html';

/** A page that stands alone: styles are in it and nothing is fetched. */
export function pageHtml(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
h1 { margin-bottom: 0.2rem; }
table:not(.u-legend) { border-collapse: collapse; margin: 0.8rem 0; font-variant-numeric: tabular-nums; }
table:not(.u-legend) :is(th, td) { padding: 4px 12px; border-bottom: 1px solid #ddd; text-align: right; }
table:not(.u-legend) :is(th, td):first-child { text-align: left; }
figure { margin: 0; flex: 1 1 420px; }
figcaption { font-weight: 600; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; margin: 1rem 0; }
.muted { color: #666; }
pre { overflow-x: auto; font-size: 12px; }
${CONTACT_SHEET_STYLE}
</style>
</head>
<body>
${body}
</body>
</html>
`;
}
