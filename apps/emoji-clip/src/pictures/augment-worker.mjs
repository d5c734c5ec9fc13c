// A worker's first module must be JavaScript: it learns to read TypeScript, then goes on.
import { register } from 'tsx/esm/api';

register();
await import('./augment-worker.ts');
