export { type Compiled, type CompileOptions, compile } from './compile';
export { type CompiledLoss, compileLoss } from './compile-loss';
export { type CompiledStep, compileStep } from './compile-step';
export { TraceError } from './errors';
