/**
 * Lets the worker hear what the page has sent (stop, another call). Long work calls it between steps, and looks at its
 * AbortSignal then.
 */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel(); // setTimeout would wait for 4 ms
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
