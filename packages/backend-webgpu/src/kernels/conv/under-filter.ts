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
    loadA: gather(
      'A',
      element,
      `
  let channel = column % uniforms.inChannels;
  let tap = column / uniforms.inChannels;
  let image = row / uniforms.outWidth;
  let y = image % uniforms.outHeight * uniforms.strideHeight
    + tap / uniforms.kernelWidth * uniforms.dilationHeight - uniforms.padTop;
  let x = row % uniforms.outWidth * uniforms.strideWidth
    + tap % uniforms.kernelWidth * uniforms.dilationWidth - uniforms.padLeft;
  if (y >= uniforms.inHeight || x >= uniforms.inWidth) { return NOWHERE; }
  return ((image / uniforms.outHeight * uniforms.inHeight + y) * uniforms.inWidth + x) * uniforms.inChannels + channel;`,
    ),
  };
}
