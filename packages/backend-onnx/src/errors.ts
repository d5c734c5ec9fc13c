/** What this backend throws on purpose. It carries crossmodal's marker, so `isCrossmodalError` knows it. */
export class OnnxBackendError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackendError';
    Object.defineProperty(this, Symbol.for('crossmodal.error'), { value: 'BackendError' });
  }
}

/**
 * What a kernel throws where memory is full, with the kernel's name; other errors as they are. Inherited kernels let
 * JavaScript's own error for it through.
 */
export function explainFullMemory(kernelName: string, cause: unknown): unknown {
  if (!(cause instanceof RangeError) || !/allocation failed|array length|out of memory/i.test(cause.message))
    return cause;
  const what = cause.message.startsWith('out of memory') ? cause.message : `out of memory: ${cause.message}.`;
  return new OnnxBackendError(
    `onnx backend: ${kernelName}: ${what} Take smaller batches, or dispose tensors that are no longer needed.`,
    { cause },
  );
}
