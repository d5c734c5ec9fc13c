import { registerWebgpuBackend } from './register';

export type { Counters } from './counters';
export type { DeviceInfo } from './device-info';
export { WebgpuBackendError } from './errors';
export { configureWebgpuBackend, type WebgpuBackendOptions } from './options';
export { registerWebgpuBackend } from './register';
export { WebgpuBackend } from './webgpu-backend';

registerWebgpuBackend();
