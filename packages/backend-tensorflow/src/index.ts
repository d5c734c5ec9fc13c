import { registerTensorflowBackend } from './register';

export { TensorflowBackendError } from './errors';
export { libtensorflowFolder } from './folder';
export { registerTensorflowBackend } from './register';

registerTensorflowBackend();
