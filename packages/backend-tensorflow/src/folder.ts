import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where `crossmodal-libtensorflow` puts what it builds: `CROSSMODAL_LIBTENSORFLOW`, or a folder of the user's cache. */
export function libtensorflowFolder(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.CROSSMODAL_LIBTENSORFLOW || join(cache, 'crossmodal', 'libtensorflow');
}

/** In tfjs-node's package, and in ours built from it. */
export const BINDING = join('lib', 'napi-v8', 'tfjs_binding.node');
