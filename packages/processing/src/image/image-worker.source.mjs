// image-worker.ts from source: a worker thread does not have its parent's loader.
import { register } from 'tsx/esm/api';

register();
await import('./image-worker.ts');
