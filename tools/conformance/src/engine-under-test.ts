import '@tensorflow/tfjs-backend-cpu';
import { engines } from './engines';

const { env } = import.meta as unknown as { env: Record<string, string | undefined> };
const name = env['CROSSMODAL_TEST_ENGINE'];
const load = engines[name!];
if (!load)
  throw new Error(
    `CROSSMODAL_TEST_ENGINE: there is no ${name}; there are ${Object.keys(engines).join(', ')}.`,
  );

/** The engine that this vitest project is about; it is started, unless `missing` says why it cannot run here. */
export const engine = await load();
export const missing = await engine.start();
