// One process of `bench/matmul.ts`: milliseconds of each product in jax-js, which runs WebAssembly in Node.
import { matmulCases } from '../lib/matmul-cases';
import { measureAsync } from '../lib/measure';
import { importPeer } from '../lib/npm-peers';

interface JaxArray {
  /** The same once more: an operation uses its operands up. */
  ref: JaxArray;
  reshape(shape: number[]): JaxArray;
  data(): Promise<Float32Array>;
}
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): void;
  numpy: {
    array(values: Float32Array): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    swapaxes(a: JaxArray, axis1: number, axis2: number): JaxArray;
  };
  jit<F>(f: F): F;
}

const { init, defaultDevice, numpy, jit } = await importPeer<Jax>('@jax-js/jax');
await init('wasm');
defaultDevice('wasm');

const times: Record<string, number> = {};
for (const { name, a, b, transposeA, transposeB } of matmulCases) {
  const wave = (shape: number[]) => {
    const size = shape.reduce((x, y) => x * y, 1);
    return numpy.array(Float32Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898))).reshape(shape);
  };
  const turned = (x: JaxArray, isTurned: boolean) => (isTurned ? numpy.swapaxes(x, -1, -2) : x);
  const [x, y] = [wave(a), wave(b)];
  const product = jit((x: JaxArray, y: JaxArray) =>
    numpy.matmul(turned(x, transposeA), turned(y, transposeB)),
  );
  times[name] = (await measureAsync(() => product(x.ref, y.ref).data(), { runs: 3, atLeast: 0 })).best;
}
console.log(JSON.stringify({ ...times, megabytes: process.resourceUsage().maxRSS / 1024 }));
