export { expectClose } from './expect-close';
export { expectGradient } from './expect-gradient';
export { expectNoLeak } from './expect-no-leak';
export { type Golden, readGolden } from './golden';
export { codeBlocks, runExample } from './run-example';
export { useSoftwareGpu } from './use-software-gpu';
export { setTestEngine, useTestEngine } from './use-test-engine';
