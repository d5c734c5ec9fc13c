import type { Module } from '@crossmodal/core';
import { replaceFile } from '#files';
import type { ExampleInputs } from './onnx-model';
import { isTooLarge, type ONNXReport, onnxGraph, type ToONNXOptions } from './to-onnx';

export interface ExportONNXOptions extends ToONNXOptions {
  /**
   * Whether weights go to a file of their own beside the model, `<path>_data`. Default: only where the model would
   * have two GiB or more, which one file cannot hold.
   */
  externalData?: boolean | undefined;
}

/**
 * Writes a module's forward pass as an `.onnx` file, which runs wherever ONNX does: every operator in it is ONNX's own.
 * Inputs and outputs are named after their fields, in snake case (`pixelValues` is `pixel_values`), int32 ones are int64
 * as in most published files, and weights have their parameters' keys. A file is whole or as it was before.
 *
 * @param module Its parameters are the file's weights, as they are now.
 * @param exampleInputs Arguments of `forward`, whose tensors give shapes and types; an object stands for the only one.
 * @throws ConfigError for options that do not fit; TraceError for what cannot be recorded; CheckpointError where
 *   the file cannot be written, which it never can in browsers ({@link toONNX} gives the bytes).
 *
 * @example
 * const report = await exportONNX(vit, { pixelValues: images }, 'vit.onnx', {
 *   dynamicAxes: { pixelValues: { 0: 'batch' } },
 *   channelsFirst: ['pixelValues'],
 *   dtype: 'int8',
 * });
 * console.log(report.bytes, report.difference);
 */
export async function exportONNX(
  module: Module,
  exampleInputs: ExampleInputs,
  path: string,
  { externalData, ...options }: ExportONNXOptions = {},
): Promise<ONNXReport> {
  const { graph, info, report } = onnxGraph(module, exampleInputs, options);
  if (!(externalData ?? isTooLarge(graph))) {
    const model = graph.finish(info);
    await replaceFile(path, [model]);
    return { ...report, bytes: model.byteLength };
  }
  const file = path.split(/[\\/]/).at(-1)!;
  const { model, data } = graph.finishWithData(`${file}_data`, info);
  await replaceFile(`${path}_data`, data);
  await replaceFile(path, [model]);
  const bytes = data.reduce((sum, part) => sum + part.byteLength, model.byteLength);
  return { ...report, bytes };
}
