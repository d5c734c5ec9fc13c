/** The texts of one area in both languages; the compiler sees that both have the same keys. */
export function dictionary<K extends string>(texts: {
  en: Readonly<Record<K, string>>;
  zh: Readonly<Record<NoInfer<K>, string>>;
}): Dictionary<K> {
  return texts;
}

export interface Dictionary<K extends string = string> {
  en: Readonly<Record<K, string>>;
  zh: Readonly<Record<K, string>>;
}
