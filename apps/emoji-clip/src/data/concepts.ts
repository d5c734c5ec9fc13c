import { readPackageJson } from './read-package';

/** What one emoji means, in words: the side of the data that no designer draws. */
export interface Concept {
  /** Code points in upper-case hexadecimal, joined by `-`: `1F408-200D-2B1B`. */
  hexcode: string;
  emoji: string;
  label: string;
  tags: string[];
  labelZh: string;
  tagsZh: string[];
  /** Unicode's own grouping: `animals-nature` and, finer, `animal-mammal`. */
  group: string;
  subgroup: string;
}

interface EmojibaseEntry {
  hexcode: string;
  emoji: string;
  label: string;
  tags?: string[];
  group?: number;
  subgroup?: number;
}

const COMPONENT_GROUP = 'component';

/**
 * Every emoji as a concept, in Unicode's order, with English and Chinese words from `emojibase-data`.
 *
 * Kept: all emoji of a group, sequences included (families, professions, flags). Left out: skin tones and hair
 * alone (the group `component`), letters that only form flags, and the skin-tone variants of people.
 */
export function loadConcepts(): Concept[] {
  const english = readPackageJson<EmojibaseEntry[]>('emojibase-data', 'en/data.json');
  const chinese = readPackageJson<EmojibaseEntry[]>('emojibase-data', 'zh/data.json');
  const names = readPackageJson<Record<'groups' | 'subgroups', Record<string, string>>>(
    'emojibase-data',
    'meta/groups.json',
  );
  const chineseByHexcode = new Map(chinese.map((entry) => [entry.hexcode, entry]));
  const concepts: Concept[] = [];
  for (const { hexcode, emoji, label, tags, group, subgroup } of english) {
    if (group === undefined || subgroup === undefined) continue;
    const groupName = names.groups[group]!;
    if (groupName === COMPONENT_GROUP) continue;
    const zh = chineseByHexcode.get(hexcode);
    concepts.push({
      hexcode,
      emoji,
      label,
      tags: tags ?? [],
      labelZh: zh?.label ?? label,
      tagsZh: zh?.tags ?? [],
      group: groupName,
      subgroup: names.subgroups[subgroup]!,
    });
  }
  return concepts;
}

/** A code point sequence in the one form all packages agree on: lower case, without U+FE0F. */
export function hexcodeKey(hexcode: string): string {
  return hexcode
    .toLowerCase()
    .split('-')
    .filter((codePoint) => codePoint !== 'fe0f')
    .join('-');
}
