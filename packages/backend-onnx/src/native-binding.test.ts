import { expect, it } from 'vitest';
import { loadNativeRuntime } from './native-binding';

it('says what is missing and what to do when there is no binary for the platform', () => {
  const missing = () => {
    throw new Error(
      "Cannot find module '../bin/napi-v6/plan9/mips/onnxruntime_binding.node'\nRequire stack:\n- x",
    );
  };
  const failure = (() => {
    try {
      return loadNativeRuntime(missing);
    } catch (error) {
      return error as Error;
    }
  })() as Error;
  expect(failure.name).toBe('BackendError');
  expect(Symbol.for('crossmodal.error') in failure).toBe(true);
  expect(failure.message).toContain(
    `onnx backend: onnxruntime-node's native binary cannot be loaded on ${process.platform}/${process.arch}`,
  );
  expect(failure.message).toContain('onnxruntime_binding.node');
  expect(failure.message).toContain('npm install onnxruntime-node');
  expect(failure.message).toContain("tf.setBackend('wasm')");
});
