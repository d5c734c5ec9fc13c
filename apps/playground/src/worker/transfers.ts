import { type TransferHandler, transferHandlers } from 'comlink';

type Serialized = { isError: boolean; value: Record<string, unknown> };
type Thrown = { value: unknown };

/**
 * Teaches comlink, on both sides, what is passed here beside plain data: AbortSignals as arguments, and errors with
 * their code and values.
 */
export function handleTransfers(): void {
  transferHandlers.set('signal', abortSignal);
  const plain = transferHandlers.get('throw') as TransferHandler<Thrown, Serialized>;
  transferHandlers.set('throw', {
    ...plain,
    serialize(thrown: Thrown) {
      const [serialized, ports] = plain.serialize(thrown);
      if (thrown.value instanceof Error) {
        const { code, values } = describe(thrown.value);
        if (code !== undefined) Object.assign(serialized.value, { code, values });
      }
      return [serialized, ports];
    },
  } as TransferHandler<unknown, unknown>);
}

/** A device that is gone and storage that is full fail in the packages' words; the page has its own for them. */
function describe(error: Error): { code?: unknown; values?: unknown } {
  const { code, values } = error as { code?: unknown; values?: unknown };
  if (code === undefined && error.message.includes('the device was lost')) {
    return { code: 'shell.engineRestarted', values: {} };
  }
  if (code === undefined && (error.cause as { name?: unknown } | undefined)?.name === 'QuotaExceededError') {
    return { code: 'shell.storageFull', values: {} };
  }
  return { code, values };
}

const abortSignal: TransferHandler<AbortSignal, { aborted: boolean; port: MessagePort }> = {
  canHandle: (value): value is AbortSignal => value instanceof AbortSignal,
  serialize(signal) {
    const { port1, port2 } = new MessageChannel();
    signal.addEventListener('abort', () => port1.postMessage('abort'), { once: true });
    return [{ aborted: signal.aborted, port: port2 }, [port2]];
  },
  deserialize({ aborted, port }) {
    const controller = new AbortController();
    if (aborted) controller.abort();
    port.onmessage = () => controller.abort();
    return controller.signal;
  },
};
