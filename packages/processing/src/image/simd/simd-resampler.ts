import type { RawImage } from '../raw-image';
import type { ResamplePlan } from '../resample';
import { resampleModule } from './resample-module';
import { type WeightTable, weightTable } from './weight-table';

/** See {@link resampleModule}. */
type Pass = (
  source: number,
  target: number,
  table: number,
  rows: number,
  sourceStride: number,
  targetStride: number,
  count: number,
  groups: number,
) => void;
type Passes = Record<'across' | 'down', Pass>;

/** Bytes of input to work on at a time, unless a row of the result needs more. */
const BAND = 8 * 2 ** 20;
/** Bytes of working memory to keep for the next image. */
const MOST_KEPT = 64 * 2 ** 20;
/** The passes go up to 16 bytes beyond an end. */
const SLACK = 32;
const PAGE = 2 ** 16;

/**
 * Resamples in WebAssembly, one band of the result after another, with one working memory for all images: the rows that
 * a band is made of are copied in, its own rows out.
 */
export class SimdResampler {
  private static instance: SimdResampler | undefined | null = null;
  private readonly memory = new WebAssembly.Memory({ initial: 1 });
  private readonly passes = new Map<number, Passes>();
  private used = 0;

  /** The one of this thread; undefined where there is no WebAssembly with SIMD, or a page's policy forbids it. */
  static shared(): SimdResampler | undefined {
    if (SimdResampler.instance === null) {
      try {
        SimdResampler.instance = new SimdResampler();
        SimdResampler.instance.passesFor(3);
      } catch {
        SimdResampler.instance = undefined;
      }
    }
    return SimdResampler.instance;
  }

  run(image: RawImage, { across, down, columnsFirst }: ResamplePlan): RawImage {
    const { channels } = image;
    const width = across?.kept ?? image.width;
    const height = down?.kept ?? image.height;
    const data = new Uint8ClampedArray(height * width * channels);
    const acrossTable = across && weightTable(across, 4);
    const downTable = down && weightTable(down, 2);
    const bandRows = Math.max(1, Math.floor((BAND / image.data.length) * height));
    for (let y = 0; y < height; y += bandRows) {
      const rows = Math.min(bandRows, height - y);
      this.band(image, data, { y, rows, acrossTable, downTable, columnsFirst });
    }
    // The memory cannot shrink.
    if (this.memory.buffer.byteLength > MOST_KEPT) SimdResampler.instance = null;
    return { data, width, height, channels };
  }

  /** Computes rows `y` to `y + rows` of the result. */
  private band(
    image: RawImage,
    result: Uint8ClampedArray,
    { y, rows, acrossTable, downTable, columnsFirst }: Band,
  ): void {
    const { channels, height } = image;
    const { across, down } = this.passesFor(channels);
    const first = downTable ? downTable.starts[y]! : y;
    const end = downTable ? Math.min(height, downTable.starts[y + rows - 1]! + downTable.taps) : y + rows;
    const inputStride = image.width * channels;
    this.used = 0;
    // What the passes go on with: `count` rows from `at` on, `length` bytes each, `stride` apart.
    let at = this.place(image.data.subarray(first * inputStride, end * inputStride), inputStride);
    let now = { count: end - first, length: inputStride, stride: inputStride };

    const runAcross = (table: WeightTable) => {
      const width = table.starts.length;
      const next = rowsOf(now.count, width * channels);
      const target = this.reserve(next.count * next.stride);
      across(at, target, this.place(table.data), now.count, now.stride, next.stride, width, table.taps / 4);
      [at, now] = [target, next];
    };
    const runDown = (table: WeightTable) => {
      const next = rowsOf(rows, now.length);
      const target = this.reserve(next.count * next.stride);
      const words = 1 + table.taps;
      const weights = this.place(table.data.subarray(y * words, (y + rows) * words));
      const source = at - first * now.stride;
      down(
        source,
        target,
        weights,
        rows,
        now.stride,
        next.stride,
        Math.ceil(now.length / 16),
        table.taps / 2,
      );
      [at, now] = [target, next];
    };
    if (downTable && columnsFirst) runDown(downTable);
    if (acrossTable) runAcross(acrossTable);
    if (downTable && !columnsFirst) runDown(downTable);

    const memory = new Uint8Array(this.memory.buffer);
    for (let row = 0; row < rows; row++) {
      const from = at + row * now.stride;
      result.set(memory.subarray(from, from + now.length), (y + row) * now.length);
    }
  }

  private passesFor(channels: number): Passes {
    let passes = this.passes.get(channels);
    if (!passes) {
      const module = new WebAssembly.Module(resampleModule(channels));
      const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
      passes = instance.exports as Passes;
      this.passes.set(channels, passes);
    }
    return passes;
  }

  /** Copies an array into the memory; its address. `spare` bytes after it may be read too. */
  private place(array: ArrayBufferView, spare = 0): number {
    const at = this.reserve(array.byteLength + spare);
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    new Uint8Array(this.memory.buffer).set(bytes, at);
    return at;
  }

  private reserve(bytes: number): number {
    const at = this.used;
    this.used = 16 * Math.ceil((at + bytes + SLACK) / 16);
    const missing = this.used - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    return at;
  }
}

interface Band {
  y: number;
  rows: number;
  acrossTable: WeightTable | undefined;
  downTable: WeightTable | undefined;
  columnsFirst: boolean;
}

/** Rows of `length` bytes, with room between them: `across` writes four bytes where a pixel has fewer. */
function rowsOf(count: number, length: number) {
  return { count, length, stride: 64 * Math.ceil((length + 4) / 64) };
}
