import { elementOf } from '../matmul/product';
import type { Views } from '../matmul/tiled';
import { gather } from './gather';

const uniforms = {
  inHeight: 'u32',
  inWidth: 'u32',
  inChannels: 'u32',
  outHeight: 'u32',
  outWidth: 'u32',
  kernelWidth: 'u32',
  strideHeight: 'u32',
  strideWidth: 'u32',
  dilationHeight: 'u32',
  dilationWidth: 'u32',
  padTop: 'u32',
  padLeft: 'u32',
} as const;

/** Images as the matrix [pixels of the result, places of the filter and channels]: what is under the filter. */
export function underFilter(inChannels: number): Views {
  const element = elementOf(inChannels);
  return {
    name: 'under a filter',
    elements: { a: element },
    uniforms,
    // Places before the image wrap around to beyond it.
    loadA: gather('A', element, {
      row: `
  let image = row / uniforms.outWidth;
  return vec3<u32>(
    image / uniforms.outHeight * uniforms.inHeight * uniforms.inWidth * uniforms.inChannels,
    image % uniforms.outHeight * uniforms.strideHeight - uniforms.padTop,
    row % uniforms.outWidth * uniforms.strideWidth - uniforms.padLeft);`,
      column: `
  let tap = column / uniforms.inChannels;
  return vec3<u32>(
    column % uniforms.inChannels,
    tap / uniforms.kernelWidth * uniforms.dilationHeight,
    tap % uniforms.kernelWidth * uniforms.dilationWidth);`,
      height: 'inHeight',
      width: 'inWidth',
      channels: 'inChannels',
    }),
  };
}
