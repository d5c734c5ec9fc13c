// What the test helpers take from Node, in a page: vitest.browser.config.ts puts this in place of Node's modules.

/** The bytes of a file that the test server has, by its address. */
export function readFileSync(url: URL): Uint8Array {
  const request = new XMLHttpRequest();
  request.open('GET', url, false);
  request.overrideMimeType('text/plain; charset=x-user-defined'); // bytes as they are, in the low half of each unit
  request.send();
  if (request.status !== 200) throw new Error(`${url}: ${request.status}`);
  return Uint8Array.from(request.responseText, (unit) => unit.charCodeAt(0) & 0xff);
}

export const existsSync = (): boolean => false;
export const constants = { dlopen: {} };
export const format = (...values: unknown[]): string => values.map(String).join(' ');
