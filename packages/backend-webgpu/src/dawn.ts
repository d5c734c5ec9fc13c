import { WebgpuBackendError } from './errors';

/** WebGPU as this environment has it. */
export interface Gpu {
  requestAdapter(options: GPURequestAdapterOptions): Promise<GPUAdapter | null>;
  /** In Node: delivers what the GPU has finished, now; false when nothing is awaited. A browser cannot. */
  processEvents?: () => boolean;
}

let dawn: Promise<Gpu> | undefined;

/** WebGPU in Node: the npm package `webgpu`, which is Dawn, loaded once. */
export function loadDawn(): Promise<Gpu> {
  dawn ??= load().catch((error: unknown) => {
    dawn = undefined;
    throw error;
  });
  return dawn;
}

interface DawnModule {
  create(options: string[]): GPU;
  /** WebGPU's classes and constants, by name. */
  globals: Record<string, { prototype?: object }>;
}

async function load(): Promise<Gpu> {
  if (process.platform === 'linux' && !hasVulkanLoader()) {
    throw new WebgpuBackendError(
      'no GPU was found: libvulkan.so.1 is not there (Debian: libvulkan1, and a Vulkan driver).',
    );
  }
  const name = 'webgpu'; // Not a literal: bundlers of web pages would look for it.
  const { create, globals } = await importDawn(name);
  Object.assign(globalThis, globals); // GPUBuffer, GPUBufferUsage, GPUMapMode: tfjs expects them there.
  const events = new EventPump();
  for (const [owner, methods] of Object.entries(asynchronous))
    events.watchMethods(globals[owner]!.prototype!, methods);
  const gpu = create([]);
  return {
    requestAdapter: (options) => gpu.requestAdapter(options),
    processEvents: () => events.process(),
  };
}

/** What waits for the GPU. */
const asynchronous: Record<string, string[]> = {
  GPU: ['requestAdapter'],
  GPUAdapter: ['requestDevice'],
  GPUDevice: ['popErrorScope', 'createComputePipelineAsync', 'createRenderPipelineAsync'],
  GPUQueue: ['onSubmittedWorkDone'],
  GPUBuffer: ['mapAsync'],
  GPUShaderModule: ['getCompilationInfo'],
};

/** Dawn looks for it too, but says so on stderr only. */
function hasVulkanLoader(): boolean {
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
    return true;
  } catch (error) {
    return String(error).includes('did not self-register'); // it is there, and no add-on of Node
  }
}

async function importDawn(name: string): Promise<DawnModule> {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as DawnModule;
  } catch (cause) {
    const missing = (cause as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
    throw new WebgpuBackendError(
      missing
        ? 'in Node it takes the package webgpu (Dawn), which is not there: npm install webgpu.'
        : `the package webgpu (Dawn) cannot be loaded: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Dawn in Node looks for finished work in a callback that it hands to `setImmediate`, so only when the event loop
 * turns. Giving it a `setImmediate` of ours while it starts such work, and while it looks, lets us run the callback
 * while JavaScript waits: that makes synchronous reads possible.
 */
class EventPump {
  private readonly waiting = new Set<() => void>();

  watchMethods(prototype: object, methods: string[]): void {
    const watch = <T>(start: () => T) => this.watch(start);
    const target = prototype as Record<string, (...args: unknown[]) => unknown>;
    for (const method of methods) {
      const original = target[method]!;
      target[method] = function (...args) {
        return watch(() => original.apply(this, args));
      };
    }
  }

  /** Delivers what is finished; false when nothing is awaited. */
  process(): boolean {
    const awaited = [...this.waiting];
    for (const once of awaited) once();
    return awaited.length > 0;
  }

  private watch<T>(start: () => T): T {
    const { setImmediate: schedule } = globalThis;
    const ours = (callback: () => void) => {
      const once = () => {
        if (this.waiting.delete(once)) this.watch(callback);
      };
      this.waiting.add(once);
      return schedule(once);
    };
    globalThis.setImmediate = ours as typeof setImmediate;
    try {
      return start();
    } finally {
      globalThis.setImmediate = schedule;
    }
  }
}
