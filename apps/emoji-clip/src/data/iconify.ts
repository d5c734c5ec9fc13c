import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder, readPackageJson } from './read-package';

interface IconBox {
  left?: number;
  top?: number;
  width?: number;
  height?: number;
}

interface Icon extends IconBox {
  body: string;
}

interface IconAlias {
  parent: string;
  rotate?: number;
  hFlip?: boolean;
  vFlip?: boolean;
}

/** An icon set in Iconify's JSON form. */
export interface IconSet extends IconBox {
  icons: Record<string, Icon>;
  aliases?: Record<string, IconAlias>;
}

const DEFAULT_SIZE = 16;

/** Reads the icons of an `@iconify-json/*` package. */
export function readIconSet(packageName: string): IconSet {
  return readPackageJson<IconSet>(packageName, 'icons.json');
}

/** Reads which icon draws which code points; empty where the package does not say. */
export function readIconCharacters(packageName: string): Record<string, string> {
  if (!existsSync(join(packageFolder(packageName), 'chars.json'))) return {};
  return readPackageJson<Record<string, string>>(packageName, 'chars.json');
}

/** Other names of each icon that is drawn the same way, by icon name. */
export function aliasesByIcon(set: IconSet): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const [alias, { parent, rotate, hFlip, vFlip }] of Object.entries(set.aliases ?? {})) {
    if (rotate || hFlip || vFlip) continue;
    const names = result.get(parent);
    if (names) names.push(alias);
    else result.set(parent, [alias]);
  }
  return result;
}

/** The icon as a whole SVG document, centred in a square. */
export function iconSvg(set: IconSet, name: string): string {
  const icon = set.icons[name]!;
  const width = icon.width ?? set.width ?? DEFAULT_SIZE;
  const height = icon.height ?? set.height ?? DEFAULT_SIZE;
  const side = Math.max(width, height);
  const left = (icon.left ?? set.left ?? 0) - (side - width) / 2;
  const top = (icon.top ?? set.top ?? 0) - (side - height) / 2;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `width="${side}" height="${side}" viewBox="${left} ${top} ${side} ${side}">${icon.body}</svg>`
  );
}
