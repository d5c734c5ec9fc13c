export type TextValues = Readonly<Record<string, string | number>>;

/**
 * Fills `{name}` in a text; numbers as the language writes them. A text of two forms, `{count} picture|{count} pictures`,
 * is chosen by `count`.
 */
export function formatText(text: string, values: TextValues, language: string): string {
  const forms = text.split('|');
  const { count } = values;
  const one =
    forms.length === 2 && typeof count === 'number' && new Intl.PluralRules(language).select(count) === 'one';
  const form = one ? forms[0]! : forms.at(-1)!;
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? value.toLocaleString(language) : value;
  });
}
