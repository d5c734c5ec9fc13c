import type { Heap } from '../heap';
import { type Code, FunctionBuilder, f32, f32x4, i32 } from './assembler';

/** What a window of a convolution over images [batch, height, width, channels] sees. */
export interface Windows {
  height: number;
  width: number;
  channels: number;
  filterHeight: number;
  filterWidth: number;
  strideHeight: number;
  strideWidth: number;
  dilationHeight: number;
  dilationWidth: number;
  top: number;
  left: number;
  outHeight: number;
  outWidth: number;
}

/**
 * For one output row, for each of its columns, for each tap of the window there: does something with the channels of
 * the image at the tap.
 *
 * - `gather` copies them to the stream, zeros where the window is beyond the image (im2col);
 * - `scatter` adds the stream to them (its gradient);
 * - `depthwiseInput` adds dy of the column times the filter;
 * - `depthwiseFilter` adds to the filter what they are times dy of the column.
 *
 * The stream is the address of [outWidth, taps, channels], or of the filter, [taps, channels]; `column` that of dy,
 * [outWidth, channels].
 */
export function windowTaps(
  heap: Heap,
  what: Work,
  { image, stream, column = 0 }: { image: number; stream: number; column?: number },
  row: number,
  w: Windows,
): void {
  const code = heap.module('window taps', () => WORK.map(taps));
  code[what]!(
    ...[image, stream, column],
    row * w.strideHeight - w.top,
    -w.left,
    ...[w.outWidth, w.height, w.width, w.channels],
    ...[w.filterHeight, w.filterWidth, w.strideWidth, w.dilationHeight, w.dilationWidth],
  );
}

const WORK = ['gather', 'scatter', 'depthwiseInput', 'depthwiseFilter'] as const;
type Work = (typeof WORK)[number];

type Lanes = Pick<typeof f32, 'load' | 'store' | 'add' | 'mul' | 'const'>;
type Step = (lanes: Lanes, image: Code, stream: Code, column: Code) => Code;
const steps: Record<Work, Step> = {
  gather: ({ load, store }, image, stream) => store(stream, load(image)),
  scatter: ({ load, store, add }, image, stream) => store(image, add(load(image), load(stream))),
  depthwiseInput: ({ load, store, add, mul }, image, stream, column) =>
    store(image, add(load(image), mul(load(column), load(stream)))),
  depthwiseFilter: ({ load, store, add, mul }, image, stream, column) =>
    store(stream, add(load(stream), mul(load(column), load(image)))),
};

function taps(what: Work): FunctionBuilder {
  const f = new FunctionBuilder(what, [
    ...(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const),
    ...(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const),
  ]);
  const [image, stream, column, y0, x0, columns, height] = f.parameters;
  const [, , , , , , , width, channels, rows, across, strideWidth, dilationHeight, dilationWidth] =
    f.parameters;
  const [y, rowsLeft, x, acrossLeft] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const [at, to, from, left] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const bytes = f.local('i32', i32.shl(channels.value, 2));
  const filter = f.local('i32', stream.value);
  const depthwise = what.startsWith('depthwise');
  f.times(columns, () => {
    if (depthwise) f.set(stream, filter.value);
    f.set(y, y0.value);
    f.set(rowsLeft, rows.value);
    f.times(rowsLeft, () => {
      f.set(x, x0.value);
      f.set(acrossLeft, across.value);
      f.times(acrossLeft, () => {
        const pixel = i32.add(i32.mul(y.value, width.value), x.value);
        f.when(
          i32.and(i32.ltU(y.value, height.value), i32.ltU(x.value, width.value)),
          () => {
            f.set(at, i32.add(image.value, i32.mul(pixel, bytes.value)));
            overChannels(steps[what]);
          },
          () => {
            if (what === 'gather')
              overChannels(({ store, const: constant }, _, to) => store(to, constant(0)));
          },
        );
        f.advance(stream, bytes.value);
        f.advance(x, dilationWidth.value);
      });
      f.advance(y, dilationHeight.value);
    });
    f.advance(x0, strideWidth.value);
    if (depthwise) f.advance(column, bytes.value);
  });
  return f;

  function overChannels(step: Step): void {
    f.set(to, stream.value);
    f.set(from, column.value);
    const pass = (lanes: Lanes, size: number) =>
      f.times(left, () => {
        f.emit(step(lanes, at.value, to.value, from.value));
        for (const pointer of [at, to, from]) f.advance(pointer, size);
      });
    f.set(left, i32.shrU(channels.value, 2));
    pass(f32x4, 16);
    f.set(left, i32.and(channels.value, i32.const(3)));
    pass(f32, 4);
  }
}
