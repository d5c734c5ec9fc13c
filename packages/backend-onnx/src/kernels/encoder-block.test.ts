import {
  Parameter,
  profile,
  Rng,
  TransformerBlock,
  type TransformerBlockConfig,
  valueAndGrad,
  withoutFusedKernels,
} from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { configureOnnxBackend, options } from '../options';
import '../index';

const rng = new Rng(3);
const random = (...shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);
function create(config: Partial<TransformerBlockConfig> = {}): TransformerBlock {
  const block = new TransformerBlock({ hiddenSize: 16, numHeads: 2, rng, ...config });
  for (const name of ['layerNorm1', 'layerNorm2'] as const)
    for (const parameter of block[name].namedParameters().values()) parameter.assign(random(16));
  return block;
}

/** How often the kernel ran in `f`. */
async function calls(f: () => void, name = 'FusedEncoderBlock'): Promise<number> {
  const { rows } = await profile(() => tf.tidy(() => void f()), { print: () => {} });
  return rows.find(({ kernel }) => kernel === name)?.calls ?? 0;
}

describe('FusedEncoderBlock', () => {
  beforeAll(async () => {
    await tf.setBackend('onnx');
  });

  it.each<[string, Partial<TransformerBlockConfig>, boolean, number[]]>([
    ['gelu', {}, false, [2, 7, 16]],
    ['geluTanh, causal', { activation: 'geluTanh', epsilon: 0.1 }, true, [3, 5, 16]],
    [
      'quickGelu without biases',
      { activation: 'quickGelu', bias: false, intermediateSize: 5 },
      false,
      [1, 1, 16],
    ],
    ['many rows', { numHeads: 4 }, false, [9, 50, 16]],
    ['many rows, causal', { numHeads: 4 }, true, [9, 50, 16]],
  ])('equals the composed block: %s', async (_, config, causal, shape) => {
    const block = create(config);
    const x = random(...shape);
    expect(await calls(() => block.forward(x, { causal }))).toBe(1);
    const expected = withoutFusedKernels(() => block.forward(x, { causal }));
    expectClose(block.forward(x, { causal }), expected);
  });

  it('leaves to the composed block what it cannot do', async () => {
    const x = random(1, 3, 16);
    const others: Partial<TransformerBlockConfig>[] = [
      { activation: 'swiglu' },
      { norm: 'rmsNorm' },
      { normPosition: 'post' },
      { layerScale: 1 },
    ];
    for (const config of others) expect(await calls(() => create(config).forward(x))).toBe(0);
    const block = create();
    expect(await calls(() => block.forward(x, { attentionMask: tf.tensor2d([[1, 1, 0]]) }))).toBe(0);
    const dropping = create({ dropout: 0.1 });
    expect(await calls(() => dropping.forward(x, {}, { training: true, rng }))).toBe(0);
    expect(await calls(() => block.forward(x, {}, { training: true, rng }))).toBe(1);
    const { value, gradients } = valueAndGrad(
      () => tf.sum(block.forward(x)) as tf.Scalar,
      block.trainableParameters(),
    );
    for (const gradient of gradients.values()) expect(gradient.dataSync().some((g) => g !== 0)).toBe(true);
    tf.dispose([value, ...gradients.values()]);
  });

  it('lays out the weights once, for few rows, as long as they stay the same', () => {
    const { packedBytes } = tf.memory() as unknown as { packedBytes: number };
    const packed = () => (tf.memory() as unknown as { packedBytes: number }).packedBytes - packedBytes;
    const block = create();
    const bytes = 4 * block.parameterCount().total;
    const x = random(1, 5, 16);
    const check = () =>
      expectClose(
        block.forward(x),
        withoutFusedKernels(() => block.forward(x)),
      );
    for (const expected of [0, 0, bytes, bytes]) {
      check();
      expect(packed()).toBe(expected);
    }
    block.selfAttn.outProj.weight.assign(random(16, 16)); // not the first of the weights
    for (const expected of [0, 0, bytes]) {
      check();
      expect(packed()).toBe(expected);
    }
    const many = random(3, 50, 16);
    expectClose(
      block.forward(many),
      withoutFusedKernels(() => block.forward(many)),
    );
    block.dispose();
    expect(packed()).toBe(0);

    const { maxPackedBytes } = options;
    configureOnnxBackend({ maxPackedBytes: 0 });
    const other = create();
    for (let i = 0; i < 4; i++) other.forward(x).dispose();
    expect(packed()).toBe(0);
    configureOnnxBackend({ maxPackedBytes });
  });

  it('leaks nothing', () => {
    const block = create();
    const x = random(2, 3, 16);
    expectNoLeak(() => block.forward(x).dispose());
  });
});

describe('FusedEncoderBlockForward and its gradient', () => {
  beforeAll(async () => {
    await tf.setBackend('onnx');
  });

  /** A number of the block's result, and its gradients, that of `x` too. */
  function gradientsOf(block: TransformerBlock, x: Parameter, causal = false) {
    return valueAndGrad(
      () =>
        tf.tidy(() => {
          const y = block.forward(x.value, { causal }, { training: true });
          const weighting = tf.reshape(tf.sin(tf.range(0, x.size)), x.shape);
          return tf.sum(tf.mul(y, weighting)) as tf.Scalar;
        }),
      new Map([...block.trainableParameters(), ['x', x]]),
    );
  }

  it.each<[string, Partial<TransformerBlockConfig>, boolean, number[]]>([
    ['gelu', {}, false, [2, 7, 16]],
    ['geluTanh, causal', { activation: 'geluTanh', epsilon: 0.1 }, true, [3, 5, 16]],
    ['quickGelu without biases', { activation: 'quickGelu', bias: false }, false, [2, 3, 16]],
    ['one position, causal', { numHeads: 4 }, true, [5, 1, 16]],
    ['in two pieces, causal', { intermediateSize: 4096 }, true, [40, 33, 16]],
  ])('equal the composed block: %s', async (_, config, causal, shape) => {
    const block = create(config);
    const x = new Parameter(random(...shape));
    const run = () => gradientsOf(block, x, causal);
    expect(await calls(() => run(), 'FusedEncoderBlockGrad')).toBe(1);
    const [actual, expected] = [run(), withoutFusedKernels(run)];
    expectClose(actual.value, expected.value, { absolute: 1e-4 });
    expect(actual.gradients.size).toBe(block.trainableParameters().size + 1);
    expect([...actual.gradients.keys()].sort()).toEqual([...expected.gradients.keys()].sort());
    for (const [key, gradient] of actual.gradients) {
      const wanted = expected.gradients.get(key)!;
      const largest = tf.max(tf.abs(wanted)).dataSync()[0]!;
      expectClose(gradient, wanted, { absolute: 1e-5 * Math.max(1, largest) });
    }
  });

  it('leave to the composed block what drops, and what is frozen in part', async () => {
    const x = random(2, 3, 16);
    const used = (block: TransformerBlock) =>
      calls(
        () =>
          valueAndGrad(
            () => tf.sum(block.forward(x, {}, { training: true, rng })) as tf.Scalar,
            block.trainableParameters(),
          ),
        'FusedEncoderBlockForward',
      );
    expect(await used(create())).toBe(1);
    expect(await used(create({ dropout: 0.1 }))).toBe(0);
    expect(await used(create({ dropPath: 0.1 }))).toBe(0);
    const block = create();
    block.freeze('mlp');
    expect(await used(block)).toBe(0);
  });

  it('leak nothing', () => {
    const block = create();
    const x = new Parameter(random(2, 3, 16));
    expectNoLeak(() => {
      const { value, gradients } = gradientsOf(block, x);
      tf.dispose([value, ...gradients.values()]);
    });
  });
});
