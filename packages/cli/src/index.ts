export type { CommandIO } from './io';
export { type ExitCode, run } from './run';
