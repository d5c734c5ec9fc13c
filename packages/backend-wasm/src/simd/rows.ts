import { type Code, FunctionBuilder, f32, f32x4, i32, type Local } from './assembler';

type Floats = (name: string) => Code;

/**
 * A function over the rows of arrays [rows, width], row after row: of addresses of such arrays (`arrays`), of arrays
 * [width] (`vectors`) and of arrays [rows] (`numbers`), then rows, width and scalars.
 */
export class RowFunction {
  readonly f: FunctionBuilder;
  private readonly at = new Map<string, Local>();
  private readonly width: Local;
  private readonly offset: Local;
  private readonly left: Local;
  private readonly mask: Local;

  constructor(
    name: string,
    private readonly names: { arrays: string[]; vectors?: string[]; numbers?: string[]; scalars?: string[] },
    body: (row: RowFunction) => void,
  ) {
    const { arrays, vectors = [], numbers = [], scalars = [] } = names;
    const pointers = [...arrays, ...vectors, ...numbers];
    const f = new FunctionBuilder(name, [
      ...pointers.map(() => 'i32' as const),
      ...(['i32', 'i32'] as const),
      ...scalars.map(() => 'f32' as const),
    ]);
    this.f = f;
    for (const [i, pointer] of pointers.entries()) this.at.set(pointer, f.parameters[i]!);
    const rows = f.parameters[pointers.length]!;
    this.width = f.parameters[pointers.length + 1]!;
    for (const [i, scalar] of scalars.entries()) this.at.set(scalar, f.parameters[pointers.length + 2 + i]!);
    this.offset = f.local('i32');
    this.left = f.local('i32');
    const rest = f32x4.splat(f32.fromInteger(i32.and(this.width.value, i32.const(3))));
    this.mask = f.local('v128', f32x4.gt(rest, f32x4.lanes([0, 1, 2, 3])));
    const bytes = f.local('i32', i32.shl(this.width.value, 2));
    f.times(rows, () => {
      body(this);
      for (const array of arrays) f.advance(this.at.get(array)!, bytes.value);
      for (const number of numbers) f.advance(this.at.get(number)!, 4);
    });
  }

  /** A scalar argument, or the row's element of a `numbers` array, four times. */
  splat(name: string): Code {
    const local = this.at.get(name)!;
    return this.names.scalars?.includes(name) ? f32x4.splat(local.value) : f32x4.loadSplat(local.value);
  }
  /** The width as floats. */
  get size(): Code {
    return f32x4.splat(f32.fromInteger(this.width.value));
  }
  /** Sets the row's element of a `numbers` array to the first of four floats. */
  setNumber(name: string, value: Code): void {
    this.f.emit(f32.store(this.at.get(name)!.value, f32.lane(value, 0)));
  }

  /** Goes over the row four elements at a time; `valid` zeroes what lies beyond its end. */
  each(
    body: (at: Floats, valid: (value: Code) => Code, store: (name: string, value: Code) => void) => void,
  ): void {
    const { f } = this;
    const address = (name: string) => i32.add(this.at.get(name)!.value, this.offset.value);
    const load: Floats = (name) => f32x4.load(address(name));
    const store = (name: string, value: Code) => f.emit(f32x4.store(address(name), value));
    f.set(this.offset, i32.const(0));
    f.set(this.left, i32.shrU(this.width.value, 2));
    f.times(this.left, () => {
      body(load, (value) => value, store);
      f.advance(this.offset, 16);
    });
    f.when(i32.and(this.width.value, i32.const(3)), () =>
      body(load, (value) => f32x4.and(value, this.mask.value), store),
    );
  }

  /** The sums of values over the row, each four times. */
  sums(count: number, values: (at: Floats) => Code[]): Local[] {
    const totals = Array.from({ length: count }, () => this.f.local('v128', f32x4.const(0)));
    this.each((at, valid) => {
      for (const [i, value] of values(at).entries())
        this.f.set(totals[i]!, f32x4.add(totals[i]!.value, valid(value)));
    });
    for (const total of totals) {
      const x = total.value;
      this.f.set(total, f32x4.add(x, f32x4.shuffle(x, x, [2, 3, 0, 1])));
      this.f.set(total, f32x4.add(x, f32x4.shuffle(x, x, [1, 0, 3, 2])));
    }
    return totals;
  }
}
