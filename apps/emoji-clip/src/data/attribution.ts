import type { Designer } from './designers';
import { packageVersion } from './read-package';

/** Who drew what under which licence: a line per designer, for the terminal and the report. */
export function attributionTable(designers: readonly Designer[]): string {
  const rows = designers.map((designer) => [
    designer.name,
    designer.author,
    designer.licence,
    designer.role === 'test' ? 'never trained on' : 'training',
    `${designer.package} ${packageVersion(designer.package)}`,
    designer.url,
  ]);
  const header = ['drawings', 'by', 'licence', 'used for', 'package', 'source'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
