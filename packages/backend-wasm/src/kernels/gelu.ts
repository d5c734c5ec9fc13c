import type { WasmKernel } from '../kernel';
import { sizeOf } from '../kernel';
import { type Code, f32x4 } from '../simd/assembler';
import { elementwise } from '../simd/elementwise';
import { exp, normalCdf, sigmoid } from '../simd/exponential';

const { add, sub, mul, const: constant } = f32x4;
type Name = (value: Code) => Code;

/** The share of x that passes, and its derivative times x. */
const variants: Record<string, (x: Code, name: Name) => { share: Code; slope: Code }> = {
  erf(x, name) {
    const bell = name(exp(mul(mul(x, x), constant(-0.5)), name));
    const slope = mul(mul(x, bell), constant(1 / Math.sqrt(2 * Math.PI)));
    return { share: normalCdf(x, bell, name), slope };
  },
  tanh(x, name) {
    const c = 2 * Math.sqrt(2 / Math.PI);
    const square = name(mul(x, x));
    const scaled = (a: number) => add(mul(square, constant(a * c)), constant(c));
    const share = name(sigmoid(name(mul(x, scaled(0.044715))), name));
    return { share, slope: mul(mul(share, sub(constant(1), share)), mul(x, scaled(3 * 0.044715))) };
  },
  quick(x, name) {
    const scaled = name(mul(x, constant(1.702)));
    const share = name(sigmoid(scaled, name));
    return { share, slope: mul(mul(share, sub(constant(1), share)), scaled) };
  },
};

const gelu: WasmKernel = {
  kernelName: 'FusedGelu',
  compute({ inputs, attrs, heap }) {
    const x = inputs['x']!;
    const variant = attrs['variant'] as string;
    const y = heap.allocate(x.shape);
    const run = elementwise(heap, `gelu ${variant}`, { inputs: 1, outputs: 1 }, ([x], _, name) => [
      mul(x!, variants[variant]!(x!, name).share),
    ]);
    run([heap.address(x), heap.address(y)], sizeOf(x.shape));
    return y;
  },
};

const geluGradient: WasmKernel = {
  kernelName: 'FusedGeluGrad',
  compute({ inputs, attrs, heap }) {
    const [dy, x] = [inputs['dy']!, inputs['x']!];
    const variant = attrs['variant'] as string;
    const dx = heap.allocate(x.shape);
    const run = elementwise(
      heap,
      `gelu gradient ${variant}`,
      { inputs: 2, outputs: 1 },
      ([dy, x], _, name) => {
        const { share, slope } = variants[variant]!(x!, name);
        return [mul(dy!, add(share, slope))];
      },
    );
    run([heap.address(dy), heap.address(x), heap.address(dx)], sizeOf(x.shape));
    return dx;
  },
};

export const gelus = [gelu, geluGradient];
