/** Ctrl-C: the first time, the step is finished and everything saved; the second time, it ends at once. */
export function stopSignal(): AbortSignal {
  const abort = new AbortController();
  const stop = () => {
    if (abort.signal.aborted) process.exit(130);
    console.error('\nStopping after this step ... (again to stop at once)');
    abort.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return abort.signal;
}
