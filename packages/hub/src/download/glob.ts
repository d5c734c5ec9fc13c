/**
 * Whether a path fits a pattern of `*`, `?` and `[a-z]` as the Python library understands them: `*` also matches `/`,
 * and a pattern that ends in `/` means all that is in the folder.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  const whole = pattern.endsWith('/') ? `${pattern}*` : pattern;
  const source = whole.replace(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (part, not?: string, set?: string) => {
    if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
    if (part === '*') return '.*';
    if (part === '?') return '.';
    return part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's').test(path);
}

/** Whether a pattern means one path only. */
export function isPlainPattern(pattern: string): boolean {
  return !/[*?[]|\/$/.test(pattern);
}

/** Those that fit a pattern (all, without patterns) and none of `ignore`. */
export function filterPaths(
  paths: readonly string[],
  patterns: readonly string[] | undefined,
  ignore: readonly string[] = [],
): string[] {
  return paths.filter(
    (path) =>
      (patterns === undefined || patterns.some((pattern) => matchesGlob(path, pattern))) &&
      !ignore.some((pattern) => matchesGlob(path, pattern)),
  );
}
