import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

export interface SoftwareGpuOptions {
  /** One with float16: Mesa's llvmpipe, from version 24 on, instead of SwiftShader. */
  f16?: boolean;
}

/**
 * Lets Dawn in this process find a GPU in software: SwiftShader, as Debian's `chromium` package brings it, or with
 * `f16` Mesa's llvmpipe, where Debian's `mesa-vulkan-drivers` has it (from bookworm-backports) or the folder that
 * `CROSSMODAL_LAVAPIPE` names. Call it before Dawn is loaded; a process has one of them.
 *
 * @returns why it cannot be used, or undefined when it can.
 */
export function useSoftwareGpu({ f16 = false }: SoftwareGpuOptions = {}): string | undefined {
  const chromium = '/usr/lib/chromium';
  const driver = f16 ? findLlvmpipe() : `${chromium}/vk_swiftshader_icd.json`;
  if (!driver) {
    return "no llvmpipe with float16: install mesa-vulkan-drivers of Debian's bookworm-backports, or name its folder in CROSSMODAL_LAVAPIPE.";
  }
  const loader = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', chromium]
    .map((folder) => `${folder}/libvulkan.so.1`)
    .find((file) => (f16 || file.startsWith(chromium)) && existsSync(file));
  if (!existsSync(driver) || !loader) {
    return `no SwiftShader in ${chromium}: install Debian's package chromium.`;
  }
  process.env.VK_ICD_FILENAMES = driver;
  process.env.XDG_RUNTIME_DIR ??= '/tmp';
  const { RTLD_LAZY, RTLD_GLOBAL } = constants.dlopen;
  const RTLD_NODELETE = 0x1000; // it stays when Node finds that it is no add-on, and Dawn finds it by its name
  try {
    process.dlopen({ exports: {} }, loader, RTLD_LAZY | RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    if (!String(error).includes('did not self-register')) return `${loader}: ${(error as Error).message}`;
  }
  return undefined;
}

/** The file that describes the driver, of Mesa 24 or newer: Dawn refuses older ones. */
function findLlvmpipe(): string | undefined {
  const folder = process.env.CROSSMODAL_LAVAPIPE ?? '/usr/share/vulkan/icd.d';
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder).filter((file) => /^lvp.*\.json$/.test(file));
  return files
    .map((file) => join(folder, file))
    .find((file) => {
      const { ICD } = JSON.parse(readFileSync(file, 'utf8')) as { ICD: { api_version: string } };
      const [major, minor, patch] = ICD.api_version.split('.').map(Number) as [number, number, number];
      return major > 1 || minor > 3 || (minor === 3 && patch >= 274);
    });
}
