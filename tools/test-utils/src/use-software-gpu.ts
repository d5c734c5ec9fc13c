import { existsSync } from 'node:fs';
import { constants } from 'node:os';

/**
 * Lets Dawn in this process find SwiftShader, a GPU in software, as Debian's `chromium` package brings it. Call it
 * before Dawn is loaded.
 *
 * @returns why it cannot be used, or undefined when it can.
 */
export function useSoftwareGpu(folder = '/usr/lib/chromium'): string | undefined {
  const driver = `${folder}/vk_swiftshader_icd.json`;
  const loader = `${folder}/libvulkan.so.1`;
  if (!existsSync(driver) || !existsSync(loader)) {
    return `no SwiftShader in ${folder}: install Debian's package chromium.`;
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
