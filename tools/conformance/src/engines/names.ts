/** Engines that run in Node: names of files here and of vitest projects, in the order of the README's table. */
export const NODE_ENGINES = ['onnx', 'wasm', 'tensorflow', 'webgpu-node'] as const;

/** Engines that run in a page: vitest.browser.config.ts. */
export const BROWSER_ENGINES = ['webgpu-browser'] as const;

export type EngineName = (typeof NODE_ENGINES | typeof BROWSER_ENGINES)[number];
