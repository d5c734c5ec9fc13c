export { type Compiled, type CompileOptions, compile } from './compile';
export { type CompiledLoss, compileLoss } from './compile-loss';
export { TraceError } from './errors';
