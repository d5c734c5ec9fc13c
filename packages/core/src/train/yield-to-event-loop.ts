/**
 * Lets timers, signals and the page have a turn. An engine that computes at once resolves its promises without ever
 * giving way to them.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    // A browser's timer would wait 4 ms, an animation frame for ever in a hidden tab.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
