import type { WebGPUProgram } from '@tensorflow/tfjs-backend-webgpu';
import type { DataType } from '@tensorflow/tfjs-core';

/** Corrects what is wrong in programs of tfjs's WebGPU backend (4.22) just before they are compiled. */
export function fixProgram(program: WebGPUProgram, outputDtype: DataType): void {
  const { shaderKey, outputShape } = program;
  // The shader has the length of the last axis in it, its key has not: another length would find it.
  if (shaderKey.startsWith('cum_')) program.shaderKey += `_${outputShape.at(-1)}`;
  // It writes its input's integers as if they were floats, and has a tile of floats for them.
  if (shaderKey.startsWith('transpose') && outputDtype !== 'float32') {
    rewrite(program, (code) =>
      code
        .replace('array<array<f32', 'array<array<i32')
        .replace('f32(A[', 'i32(A[')
        .replace('setOutputAtIndex(', 'setOutputAtIndexI32('),
    );
  }
  // Coordinates of rank 5 and 6 are structures, which cannot be indexed.
  if (outputShape.length > 4)
    rewrite(program, (code) =>
      code.replace(/\b(coords|uniforms\.\w+)\[([0-5])\]/g, (_, name, i) => `${name}.${'xyzwuv'[i]}`),
    );
}

function rewrite(program: WebGPUProgram, change: (code: string) => string): void {
  const original = program.getUserCode.bind(program);
  program.getUserCode = () => change(original());
}
