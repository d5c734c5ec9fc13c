import { draw } from './draw';
import { models } from './models';
import { pictures } from './pictures';
import { search } from './search';
import { shell } from './shell';
import { train } from './train';
import { understand } from './understand';

/** All texts, one dictionary an area: `search.title` is `title` of `search`. */
export const texts = { shell, models, pictures, search, train, draw, understand };

type Texts = typeof texts;
/** `area.key` */
export type TextKey = {
  [Area in keyof Texts & string]: `${Area}.${keyof Texts[Area]['en'] & string}`;
}[keyof Texts & string];

export type Language = 'en' | 'zh';

/** The text of a key in a language; undefined when there is no such key. */
export function findText(key: string, language: Language): string | undefined {
  const dot = key.indexOf('.');
  const area = key.slice(0, dot);
  const name = key.slice(dot + 1);
  if (!Object.hasOwn(texts, area)) return undefined;
  const found: Readonly<Record<string, string>> = texts[area as keyof Texts][language];
  return Object.hasOwn(found, name) ? found[name] : undefined;
}
