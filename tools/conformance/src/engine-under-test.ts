import '@tensorflow/tfjs-backend-cpu';
import { engines } from './engines';
import type { EngineName } from './engines/names';

// vitest's `env`: that of the process in Node; in a page Vite puts it where it reads `import.meta.env`, written out.
const inPage = (import.meta as unknown as { env: Record<string, string | undefined> }).env;
const name = globalThis.process?.env['CROSSMODAL_TEST_ENGINE'] ?? inPage['CROSSMODAL_TEST_ENGINE'];
const load = engines[name as EngineName] as (typeof engines)[EngineName] | undefined;
if (!load)
  throw new Error(
    `CROSSMODAL_TEST_ENGINE: there is no ${name}; there are ${Object.keys(engines).join(', ')}.`,
  );

/** The engine that this vitest project is about; it is started, unless `missing` says why it cannot run here. */
export const engine = await load();
export const missing = await engine.start();
