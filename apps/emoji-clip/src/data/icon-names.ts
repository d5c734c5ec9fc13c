import { type Concept, hexcodeKey } from './concepts';
import { extraIconNames } from './extra-icon-names';
import { aliasesByIcon, readIconCharacters, readIconSet } from './iconify';
import { readPackageJson } from './read-package';

/** Packages that say which code point each of their icons draws; their names serve the sets that do not. */
const NAMING_PACKAGES = ['@iconify-json/twemoji', '@iconify-json/noto', '@iconify-json/fluent-emoji-flat'];
/** Shortcode lists of `emojibase-data`, the most careful first: the first to claim a name keeps it. */
const SHORTCODES = ['cldr', 'emojibase', 'joypixels', 'iamcal', 'github'];

/** The form icon names have: `Côte d’Ivoire` becomes `cote-divoire`. */
export function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f'’“”!.]/g, '')
    .toLowerCase()
    .replaceAll('&', 'and')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** Finds the concept an icon draws from the icon's name alone. */
export class IconNames {
  readonly #byName = new Map<string, string>();
  readonly #bySqueezedName = new Map<string, string>();

  constructor(concepts: readonly Concept[]) {
    const hexcodes = new Map(concepts.map(({ hexcode }) => [hexcodeKey(hexcode), hexcode]));
    const bySlug = new Map(concepts.map(({ label, hexcode }) => [slug(label), hexcode]));
    for (const [name, label] of Object.entries(extraIconNames)) {
      const hexcode = bySlug.get(slug(label));
      if (hexcode === undefined)
        throw new Error(`IconNames: extraIconNames: no concept is called "${label}".`);
      this.#add(name, hexcode);
    }
    for (const [name, hexcode] of bySlug) this.#add(name, hexcode);
    for (const packageName of NAMING_PACKAGES) {
      const aliases = aliasesByIcon(readIconSet(packageName));
      for (const [codePoints, name] of Object.entries(readIconCharacters(packageName))) {
        const hexcode = hexcodes.get(hexcodeKey(codePoints));
        if (hexcode) for (const one of [name, ...(aliases.get(name) ?? [])]) this.#add(one, hexcode);
      }
    }
    for (const list of SHORTCODES) {
      const shortcodes = readPackageJson<Record<string, string | string[]>>(
        'emojibase-data',
        `en/shortcodes/${list}.json`,
      );
      for (const [codePoints, names] of Object.entries(shortcodes)) {
        const hexcode = hexcodes.get(hexcodeKey(codePoints));
        if (hexcode)
          for (const name of [names].flat()) this.#add(name.toLowerCase().replaceAll('_', '-'), hexcode);
      }
    }
    for (const [name, hexcode] of this.#byName) {
      const squeezed = name.replaceAll('-', '');
      if (!this.#bySqueezedName.has(squeezed)) this.#bySqueezedName.set(squeezed, hexcode);
    }
  }

  /** The hexcode drawn by an icon of any of these names, or undefined. */
  find(names: readonly string[]): string | undefined {
    for (const name of names) {
      const single = name.replace(/-\d+$/, ''); // `cloud-2` is a second drawing of the cloud
      const country = `flag-${single.replace(/^flag-for-(flag-)?/, '')}`;
      for (const candidate of [name, single, country]) {
        const hexcode = this.#byName.get(candidate) ?? this.#bySqueezedName.get(candidate);
        if (hexcode !== undefined) return hexcode;
      }
    }
    return undefined;
  }

  #add(name: string, hexcode: string): void {
    if (!this.#byName.has(name)) this.#byName.set(name, hexcode);
  }
}
