export { type Compiled, type CompileOptions, compile } from './compile';
export { type CompiledLoss, compileLoss } from './compile-loss';
export { type CompiledStep, compileStep } from './compile-step';
export { TraceError } from './errors';
export type { OutputDifference } from './export/compare-outputs';
export { type ExportONNXOptions, exportONNX } from './export/export-onnx';
export type { DynamicAxes, ExampleInputs } from './export/onnx-model';
export { type ONNXDType, type ONNXFile, type ONNXReport, type ToONNXOptions, toONNX } from './export/to-onnx';
