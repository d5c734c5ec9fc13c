import { registerOnnxBackend } from './register';

export { OnnxBackendError } from './errors';
export { OnnxBackend } from './onnx-backend';
export { configureOnnxBackend, type OnnxBackendOptions } from './options';
export { registerOnnxBackend } from './register';

registerOnnxBackend();
