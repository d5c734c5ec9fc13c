// What the test helpers take from Node, in a page: vitest.browser.config.ts puts this in place of Node's modules.

/** A file that the test server has, by its address: bytes, or text. */
export function readFileSync(url: URL, encoding?: 'utf8'): Uint8Array | string {
  const request = new XMLHttpRequest();
  request.open('GET', url, false);
  request.overrideMimeType('text/plain; charset=x-user-defined'); // bytes as they are, in the low half of each unit
  request.send();
  if (request.status !== 200) throw new Error(`${url}: ${request.status}`);
  const bytes = Uint8Array.from(request.responseText, (unit) => unit.charCodeAt(0) & 0xff);
  return encoding === undefined ? bytes : new TextDecoder(encoding).decode(bytes);
}

export const existsSync = (): boolean => false;
export const readdirSync = (): string[] => [];
export const constants = { dlopen: {} };
export const format = (...values: unknown[]): string => values.map(String).join(' ');
export const join = (...parts: string[]): string => parts.join('/');
