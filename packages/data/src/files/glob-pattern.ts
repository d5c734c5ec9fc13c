/** A pattern of paths as a regular expression: `*` and `?` within a name, `**` across folders. */
export function globPattern(pattern: string): RegExp {
  const words: Record<string, string> = { '**/': '(?:[^/]+/)*', '**': '.*', '*': '[^/]*', '?': '[^/]' };
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|[.+^$()|[\]{}\\]/g, (part) => words[part] ?? `\\${part}`);
  return new RegExp(`^${source}$`, 'i');
}
