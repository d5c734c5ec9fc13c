/** What this backend throws on purpose. It carries crossmodal's marker, so `isCrossmodalError` knows it. */
export class WebgpuBackendError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(`webgpu: ${message}`, options);
    this.name = 'BackendError';
    Object.defineProperty(this, Symbol.for('crossmodal.error'), { value: 'BackendError' });
  }
}
