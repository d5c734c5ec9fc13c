import { textTable } from '../text-table';
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
  return textTable([header, ...rows]);
}
