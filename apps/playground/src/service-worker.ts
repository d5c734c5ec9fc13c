import { notify } from './notices';

/** Keeps the page for use without a network, and tells when a newer version has been fetched. */
export function watchVersion(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  const hadOne = serviceWorker.controller !== null;
  serviceWorker.addEventListener('controllerchange', () => {
    if (hadOne) notify('info', 'shell.newVersion');
  });
  // A part of an older version that is gone from the server.
  addEventListener('vite:preloadError', () => notify('info', 'shell.newVersion'));
  // Without a service worker (a private window, http) the page works all the same.
  serviceWorker.register('./sw.js').catch(() => {});
}
