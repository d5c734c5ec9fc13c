import { expose } from 'comlink';
import type { Services } from './services';
import { handleTransfers } from './transfers';

// The one worker that owns the tensor engine. A service is loaded at its first call.
handleTransfers();
expose({
  engine: lazy(async () => new (await import('./engine-service')).EngineService()),
  search: lazy(async () => new (await import('./search-service')).SearchService()),
  train: lazy(async () => new (await import('./train-service')).TrainService()),
  draw: lazy(async () => new (await import('./draw-service')).DrawService()),
  understand: lazy(async () => new (await import('./understand-service')).UnderstandService()),
} satisfies { [Area in keyof Services]: object });

/** Stands for a service; its methods wait until it is there. */
function lazy<T extends object>(load: () => Promise<T>): object {
  let loading: Promise<T> | undefined;
  const loaded = () => {
    loading ??= load().catch((error) => {
      loading = undefined; // the next call tries again
      throw error;
    });
    return loading;
  };
  return new Proxy(
    {},
    {
      get:
        (_, name) =>
        async (...args: unknown[]) => {
          const service = await loaded();
          return (service as Record<PropertyKey, (...args: unknown[]) => unknown>)[name]!(...args);
        },
    },
  );
}
