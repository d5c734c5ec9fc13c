import type { FileCaption } from './read-captions';
import { tidyCaption } from './read-captions';

/** Captions of pictures by their files, as far as they are known. */
export class CaptionFinder {
  private readonly byPath = new Map<string, string>();
  private readonly byName = new Map<string, string>();
  private readonly byStem = new Map<string, string>();

  /** Captions of a table; later ones count. */
  add(captions: readonly FileCaption[]): void {
    for (const { file, caption } of captions) {
      const path = normal(file);
      this.byPath.set(path, caption);
      this.byName.set(nameOf(path), caption);
      this.byStem.set(stemOf(path), caption);
    }
  }

  /** The text file that lies beside a picture. */
  addText(path: string, text: string): void {
    this.byStem.set(stemOf(normal(path)), tidyCaption(text));
  }

  /** A table's caption by path or, failing that, by name, with or without its ending; or what the name itself says. */
  find(path: string): string {
    const at = normal(path);
    // A table may leave out outer folders, or say more of them.
    const inner = at.split('/').map((_, i, parts) => parts.slice(i).join('/'));
    const known = inner.map((part) => this.byPath.get(part)).find((caption) => caption !== undefined);
    return known ?? this.byName.get(nameOf(at)) ?? this.byStem.get(stemOf(at)) ?? captionOfName(path);
  }
}

/** `red_apple-02.png`: red apple. Nothing of a name that cameras and programs give. */
export function captionOfName(path: string): string {
  const stem = nameOf(path.replaceAll('\\', '/')).replace(/\.[^.]*$/, '');
  const words = stem
    .replace(/\s*\(\d+\)$/, '')
    .replace(/[_\-.+\s]+/g, ' ')
    .replace(/[\s\d]+$/, '')
    .trim();
  const meaningless = /^(img|dsc[fn]?|pxl|p|image|picture|photo|screenshot|untitled|file|vid|gopr|dji)?$/i;
  const bare = words.replace(/[\d\s:]+/g, ' ').trim();
  if (meaningless.test(bare) || /^[\da-f]{8,}$/i.test(stem.replace(/-/g, ''))) return '';
  return tidyCaption(words);
}

const normal = (path: string) =>
  path
    .replaceAll('\\', '/')
    .replace(/^(\.?\/)+/, '')
    .normalize('NFC')
    .toLowerCase();
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
const stemOf = (path: string) => nameOf(path).replace(/\.[^.]*$/, '');
