import { checkEngine } from './check-engine';
import { wasm } from './engines/wasm';

await checkEngine(wasm);
