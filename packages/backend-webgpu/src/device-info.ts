/** The GPU in use and its driver, as WebGPU tells; browsers may leave parts empty. */
export interface DeviceInfo {
  /** `nvidia`, `amd`, `intel`, `apple`, ... */
  vendor: string;
  /** `ampere`, `rdna-2`, ... */
  architecture: string;
  device: string;
  /** Often the driver and its version. */
  description: string;
  /** Whether it computes on the CPU. */
  isSoftware: boolean;
}

/** What is known of an adapter. */
export function describeAdapter(adapter: GPUAdapter): DeviceInfo {
  // The types that tfjs brings are older than `info`.
  const { info = {}, isFallbackAdapter } = adapter as unknown as {
    info?: Partial<DeviceInfo> & { isFallbackAdapter?: boolean };
    isFallbackAdapter?: boolean;
  };
  const { vendor = '', architecture = '', device = '', description = '' } = info;
  const names = [vendor, architecture, device, description].join(' ');
  const isSoftware = Boolean(info.isFallbackAdapter ?? isFallbackAdapter) || softwareNames.test(names);
  return { vendor, architecture, device, description, isSoftware };
}

/** Its names in one line. */
export function nameOf({ vendor, architecture, device, description }: DeviceInfo): string {
  const parts = [vendor, architecture, device, description].filter((part) => part !== '');
  return parts.join(', ') || 'an adapter without a name';
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|\bwarp\b/i;
