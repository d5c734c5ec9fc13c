import '@tensorflow/tfjs-backend-wasm';
import { registerWasmKernels } from './register';

export { WasmBackendError } from './errors';
export { registerWasmKernels } from './register';

registerWasmKernels();
