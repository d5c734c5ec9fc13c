/** The first key that occurs twice in one object of `json` (which must be valid), or undefined. */
export function duplicateJsonKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // keys of the objects around; undefined stands for an array
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(undefined);
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const end = stringEnd(json, i);
      if (isKey(json, end)) {
        const key = JSON.parse(json.slice(i, end)) as string;
        const keys = open.at(-1)!;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/** The position after the string that starts at `start`. */
function stringEnd(json: string, start: number): number {
  let i = start + 1;
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i + 1;
}

/** Whether a colon follows. */
function isKey(json: string, at: number): boolean {
  let i = at;
  while (/\s/.test(json[i]!)) i++;
  return json[i] === ':';
}
