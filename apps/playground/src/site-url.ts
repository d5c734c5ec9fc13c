/** Where the page's files are, in the page and in its worker. */
export function siteUrl(): URL {
  // A built worker lies in assets/, in development in src/worker/.
  if (typeof document !== 'undefined') return new URL('./', document.baseURI);
  return import.meta.env.DEV ? new URL('/', location.href) : new URL('../', location.href);
}
