import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BackendError, useBackend } from './index';

const registered: string[] = [];

/** Registers an engine that computes as `cpu` does. */
function register(name: string, factory = () => new MathBackendCPU()): void {
  if (tf.findBackendFactory(name)) tf.removeBackend(name); // useBackend has imported it
  tf.registerBackend(name, factory);
  if (!tf.getKernel('Add', name)) tf.copyRegisteredKernels('cpu', name);
  registered.push(name);
}

const broken = (): MathBackendCPU => {
  throw new Error('no such device');
};

class WrongSums extends MathBackendCPU {
  override async read(dataId: object): Promise<tf.BackendValues> {
    const values = await super.read(dataId);
    return (values as Float32Array).map((value) => value + 1);
  }
}

describe('useBackend', () => {
  afterEach(async () => {
    await tf.setBackend('cpu');
    for (const name of registered.splice(0)) tf.removeBackend(name);
    vi.restoreAllMocks();
  });

  it('uses the engine named, without its banner', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    register('mine');
    expect(await useBackend('mine')).toEqual({ name: 'mine', reason: 'registered by you.' });
    expect(tf.getBackend()).toBe('mine');
    expect(warn).not.toHaveBeenCalled();
  });

  it('picks the best that is there', async () => {
    register('webgpu', broken);
    register('onnx');
    register('wasm');
    const { name, reason } = await useBackend();
    expect(name).toBe('onnx');
    expect(reason).toBe('native speed on the CPU, by ONNX Runtime.');
  });

  it('takes a GPU where there is no onnx, and tells which', async () => {
    const device = { vendor: 'acme', architecture: '', device: 'G1', description: '', isSoftware: false };
    register('webgpu', () => Object.assign(new MathBackendCPU(), { deviceInfo: device }));
    register('onnx', broken);
    expect(await useBackend()).toEqual({
      name: 'webgpu',
      reason: 'the GPU, by WebGPU. onnx does not work here: no such device. It needs Node.',
      device,
    });
  });

  it('starts an engine anew whose device is lost', async () => {
    let made = 0;
    register('mine', () => Object.assign(new MathBackendCPU(), { isLost: made++ === 0 }));
    await useBackend('mine');
    await useBackend('mine');
    await useBackend('mine');
    expect(made).toBe(2);
  });

  it('passes over what does not work, and says so', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    register('webgpu', broken);
    register('onnx', broken);
    register('tensorflow', () => new WrongSums());
    register('wasm');
    const { name, reason } = await useBackend();
    expect(name).toBe('wasm');
    expect(reason).toBe(
      'the CPU, by WebAssembly. onnx does not work here: no such device. It needs Node. ' +
        'webgpu does not work here: no such device. tensorflow does not work here: it computes 2 x 5 + 3 x 7 = 32. It needs Node.',
    );
    expect(warn).not.toHaveBeenCalledWith(expect.stringContaining('Initialization'));
  });

  it('imports the package when it is not registered', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {}); // its kernels are there already, those registered above
    const { name } = await useBackend('wasm'); // a dependency of this repository
    expect(name).toBe('wasm');
    registered.push('wasm');
  });

  it('says how to get what is missing, and leaves the engine in use', async () => {
    register('mine');
    await tf.setBackend('mine');
    vi.stubEnv('CROSSMODAL_LIBTENSORFLOW', '/nowhere');
    const error = await useBackend('tensorflow').catch((e) => e);
    vi.unstubAllEnvs();
    expect(error).toBeInstanceOf(BackendError);
    expect(error.message).toBe(
      'useBackend: @crossmodal/backend-tensorflow: libtensorflow is not there (looked in /nowhere): ' +
        'npx crossmodal-libtensorflow builds it.',
    );
    expect(tf.getBackend()).toBe('mine');
  });

  it('lists the engines when it does not know the name', async () => {
    register('mine');
    await expect(useBackend('cuda')).rejects.toThrow(
      'useBackend: there is no engine "cuda". Known are: onnx, tensorflow, webgpu, wasm, cpu, mine.',
    );
    await expect(useBackend('toString')).rejects.toThrow('there is no engine "toString"');
  });

  it('says why a registered engine does not start', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    register('webgpu', broken);
    await expect(useBackend('webgpu')).rejects.toThrow(
      'useBackend: webgpu does not work here: no such device.',
    );
  });
});
