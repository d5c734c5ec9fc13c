import { type Gpu, loadDawn } from './dawn';
import { type DeviceInfo, describeAdapter, nameOf } from './device-info';
import { WebgpuBackendError } from './errors';
import { options } from './options';

export interface OpenDevice {
  device: GPUDevice;
  info: DeviceInfo;
  gpu: Gpu;
}

/** Opens a device on the adapter that the options ask for, with the adapter's own limits and the features we use. */
export async function openDevice(): Promise<OpenDevice> {
  const gpu = await findGpu();
  const { powerPreference, allowSoftwareAdapter } = options;
  const adapter =
    (await gpu.requestAdapter({ powerPreference })) ??
    (allowSoftwareAdapter ? await gpu.requestAdapter({ forceFallbackAdapter: true }) : null);
  if (!adapter) throw new WebgpuBackendError(noAdapter());
  const info = describeAdapter(adapter);
  if (info.isSoftware && !allowSoftwareAdapter) {
    throw new WebgpuBackendError(
      `the only adapter computes on the CPU, slowly (${nameOf(info)}). To use it all the same, for tests, call ` +
        "configureWebgpuBackend({ allowSoftwareAdapter: true }) of '@crossmodal/backend-webgpu' first.",
    );
  }
  const device = await adapter.requestDevice({
    label: 'crossmodal',
    requiredFeatures: features.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
    requiredLimits: Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]])),
  });
  return { device, info, gpu };
}

const features = ['shader-f16', 'subgroups', 'timestamp-query'];

const limits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

async function findGpu(): Promise<Gpu> {
  if (typeof navigator === 'object' && navigator.gpu) {
    return { requestAdapter: (request) => navigator.gpu.requestAdapter(request) };
  }
  if (isNode()) return loadDawn();
  throw new WebgpuBackendError(
    'this browser has no WebGPU here (navigator.gpu): it takes a recent one, and a page from https or localhost.',
  );
}

function noAdapter(): string {
  if (!isNode())
    return 'the browser offers no adapter: GPU off, blocked, or without a driver (see chrome://gpu).';
  const driver = process.platform === 'linux' ? ' On Linux: libvulkan1 and a Vulkan driver.' : '';
  return `no GPU was found: it takes a driver for Vulkan, Metal or Direct3D 12.${driver}`;
}

function isNode(): boolean {
  return typeof process === 'object' && process.versions?.node !== undefined;
}
