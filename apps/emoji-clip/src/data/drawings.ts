import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type Concept, hexcodeKey } from './concepts';
import type { Designer } from './designers';
import { IconNames } from './icon-names';
import { aliasesByIcon, iconSvg, readIconCharacters, readIconSet } from './iconify';
import { packageFolder } from './read-package';

/** One picture of one concept by one designer, not yet rendered. */
export interface Drawing {
  /** The designer's own name for it. */
  icon: string;
  hexcode: string;
  /** An SVG document, or the path of a picture file. */
  source: { svg: string } | { file: string };
}

const SKIN_TONE = /(-skin-tone|-tone\d|-(light|medium-light|medium|medium-dark|dark)$)/;
/** Streamline draws countries under their bare names; this one is also a bird. */
const FLAG_ICONS: Readonly<Record<string, string>> = { 'streamline/turkey': 'flag-turkey' };

/** Every drawing of a designer that shows one of the concepts, in a fixed order. Several may show the same one. */
export function listDrawings(designer: Designer, concepts: readonly Concept[]): Drawing[] {
  return designer.format === 'webp' ? pictureFiles(designer, concepts) : icons(designer, concepts);
}

function icons(designer: Designer, concepts: readonly Concept[]): Drawing[] {
  const set = readIconSet(designer.package);
  const hexcodes = new Map(concepts.map(({ hexcode }) => [hexcodeKey(hexcode), hexcode]));
  const hexcodeByIcon = new Map<string, string>();
  for (const [codePoints, icon] of Object.entries(readIconCharacters(designer.package))) {
    const hexcode = hexcodes.get(hexcodeKey(codePoints));
    if (hexcode !== undefined) hexcodeByIcon.set(icon, hexcode);
  }
  // Where the package says what each icon draws, nothing is guessed from names.
  const names = hexcodeByIcon.size === 0 ? new IconNames(concepts) : undefined;
  const aliases = aliasesByIcon(set);
  const drawings: Drawing[] = [];
  for (const icon of Object.keys(set.icons)) {
    if (names && SKIN_TONE.test(icon)) continue;
    const name = FLAG_ICONS[`${designer.id}/${icon}`] ?? icon;
    const hexcode = hexcodeByIcon.get(icon) ?? names?.find([name, ...(aliases.get(icon) ?? [])]);
    if (hexcode !== undefined) drawings.push({ icon, hexcode, source: { svg: iconSvg(set, icon) } });
  }
  return drawings;
}

function pictureFiles(designer: Designer, concepts: readonly Concept[]): Drawing[] {
  const hexcodes = new Map(concepts.map(({ hexcode }) => [hexcodeKey(hexcode), hexcode]));
  const folder = join(packageFolder(designer.package), 'assets');
  const drawings: Drawing[] = [];
  for (const file of readdirSync(folder).sort()) {
    const icon = basename(file, extname(file));
    const hexcode = hexcodes.get(hexcodeKey(icon));
    if (hexcode !== undefined) drawings.push({ icon, hexcode, source: { file: join(folder, file) } });
  }
  return drawings;
}
