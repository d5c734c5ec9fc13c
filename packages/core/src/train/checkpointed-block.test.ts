import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addLoRA,
  checkpointed,
  checkpointedBlock,
  type ForwardContext,
  KeyValueCache,
  Module,
  ModuleList,
  Parameter,
  profile,
  ResidualBlock,
  Rng,
  TransformerBlock,
  type TransformerBlockConfig,
  valueAndGrad,
} from '../index';

class Stack extends Module {
  readonly blocks: ModuleList<TransformerBlock>;
  /** Trained, and given to every block. */
  readonly positions = new Parameter(tf.tensor([...new Rng(4).normalArray(25)], [1, 1, 5, 5]));

  constructor(depth: number, config: Partial<TransformerBlockConfig> = {}) {
    super();
    const rng = new Rng(1);
    const block = () =>
      new TransformerBlock({ hiddenSize: 6, numHeads: 2, intermediateSize: 10, rng, ...config });
    this.blocks = new ModuleList(Array.from({ length: depth }, block));
  }

  forward(x: tf.Tensor, context: ForwardContext, { masked = true } = {}): tf.Tensor {
    return tf.tidy(() => {
      const [batch, length] = x.shape as [number, number];
      const inputs = masked
        ? {
            attentionMask: tf.tensor2d(
              [
                [1, 1, 1, 0, 0],
                [1, 1, 1, 1, 1],
              ],
              [batch, length],
              'int32',
            ),
            bias: this.positions.value,
          }
        : {};
      return [...this.blocks].reduce((x, block) => checkpointedBlock(block, x, inputs, context), tf.clone(x));
    });
  }
}

const input = (shape: number[]) => tf.tensor(new Rng(2).normalArray(shape.reduce((a, b) => a * b, 1)), shape);

function gradientsOf(stack: Stack, x: tf.Tensor, context: ForwardContext, options = {}) {
  return valueAndGrad(
    () => tf.mean(tf.square(stack.forward(x, { training: true, ...context }, options))) as tf.Scalar,
    stack.namedParameters(),
  );
}

describe.each(['cpu', 'onnx'])('gradient checkpointing, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each([
    ['with dropout, masks and a trained bias', { dropout: 0.3, dropPath: 0.2 }, { masked: true }],
    ['of blocks that are one kernel', {}, { masked: false }],
  ])('has the same loss and gradients %s', (_, config, options) => {
    const stack = new Stack(3, config);
    const x = input([2, 5, 6]);
    const [plain, again] = [false, true].map((gradientCheckpointing) => {
      const rng = new Rng(7);
      const result = gradientsOf(stack, x, { rng, gradientCheckpointing }, options);
      return { ...result, state: rng.state() };
    }) as [
      ReturnType<typeof gradientsOf> & { state: unknown },
      ReturnType<typeof gradientsOf> & { state: unknown },
    ];
    expectClose(again.value, plain.value);
    expect(again.state).toEqual(plain.state); // what comes afterwards draws as it would
    expect([...again.gradients.keys()]).toEqual([...plain.gradients.keys()]);
    expect(plain.gradients.size).toBe(options.masked ? 49 : 48);
    for (const [key, gradient] of plain.gradients)
      expectClose(again.gradients.get(key)!, gradient, { absolute: 1e-6, relative: 1e-4 });
    expect(Math.max(...plain.gradients.get('blocks.0.mlp.fc1.weight')!.dataSync())).toBeGreaterThan(1e-3);
  });

  it('trains frozen blocks around others, and adapters', () => {
    const stack = new Stack(3);
    const x = input([2, 5, 6]);
    stack.freeze();
    stack.unfreeze('blocks.1');
    const run = (gradientCheckpointing: boolean) =>
      gradientsOf(stack, x, { gradientCheckpointing }).gradients;
    expect([...run(true).keys()]).toEqual([...run(false).keys()]);
    addLoRA(stack, { pattern: 'blocks.0.*.q_proj', rank: 2, alpha: 2, dropout: 0.5, rng: new Rng(1) });
    const [plain, again] = [false, true].map(
      (gradientCheckpointing) => gradientsOf(stack, x, { gradientCheckpointing, rng: new Rng(3) }).gradients,
    ) as [Map<string, tf.Tensor>, Map<string, tf.Tensor>];
    expect(again.size).toBe(2);
    for (const [key, gradient] of plain) expectClose(again.get(key)!, gradient);
  });

  it('keeps one block at a time: the memory of a deep stack is that of its inputs', async () => {
    const shape = { hiddenSize: 32, intermediateSize: 128, numHeads: 2, dropout: 0.1 };
    const [batch, length, depth] = [4, 16, 12];
    const stack = new Stack(depth, shape);
    const x = input([batch, length, shape.hiddenSize]);
    const peak = async (gradientCheckpointing: boolean) => {
      const before = tf.memory().numBytes;
      const run = () => gradientsOf(stack, x, { gradientCheckpointing, rng: new Rng(1) }, { masked: false });
      const { result, peakBytes } = await profile(run, { print: () => {} });
      tf.dispose([result.value, ...result.gradients.values()]);
      return peakBytes - before;
    };
    const [plain, again] = [await peak(false), await peak(true)];
    const gradients = [...stack.trainableParameters().values()].reduce((sum, { size }) => sum + 4 * size, 0);
    const states = depth * 4 * batch * length * shape.hiddenSize;
    const block = (plain - gradients) / depth; // a block's activations, at most
    expect(again).toBeLessThan(gradients + states + 2.5 * block);
    expect(again - gradients).toBeLessThan((plain - gradients) / 3);
  });

  it('leaks nothing, not when it fails either', () => {
    const stack = new Stack(2, { dropout: 0.1 });
    const x = input([2, 5, 6]);
    expectNoLeak(() => {
      const { value, gradients } = gradientsOf(stack, x, { rng: new Rng(1), gradientCheckpointing: true });
      tf.dispose([value, ...gradients.values()]);
    });
    let calls = 0;
    const parameter = stack.positions;
    const failing = () =>
      valueAndGrad(
        () =>
          tf.sum(
            checkpointed(
              ({ x }) => {
                if (calls++ % 2 === 1) throw new Error('the second time');
                return tf.mul(x, parameter.value);
              },
              { x: tf.ones([5, 5]) },
              [parameter],
            ),
          ) as tf.Scalar,
        new Map([['positions', parameter]]),
      );
    expectNoLeak(() =>
      tf.tidy(() => {
        expect(failing).toThrow('the second time');
      }),
    );
    expectNoLeak(() => {
      const { value, gradients } = gradientsOf(stack, x, { rng: new Rng(1), gradientCheckpointing: true });
      tf.dispose([value, ...gradients.values()]);
    });
  });
});

describe('checkpointed', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('updates running statistics once', async () => {
    const after = async (whole: boolean) => {
      const block = new ResidualBlock(3, 3, { rng: new Rng(1) });
      const x = input([2, 4, 4, 3]) as tf.Tensor4D;
      const context = { training: true };
      const forward = ({ x }: { x: tf.Tensor4D }, context: ForwardContext) => block.forward(x, context);
      const { gradients } = valueAndGrad(() => {
        const y = whole
          ? block.forward(x, context)
          : checkpointed(forward, { x }, block.namedParameters().values(), context);
        return tf.sum(tf.mul(y, input(y.shape)));
      }, block.namedParameters());
      return {
        gradients: [...gradients.values()].flatMap((g) => [...g.dataSync()]),
        state: await block.stateDict(),
      };
    };
    const [whole, again] = [await after(true), await after(false)];
    expect(again.state).toEqual(whole.state);
    expectClose(again.gradients, whole.gradients, { absolute: 1e-4 });
  });

  it('nests', () => {
    const w = new Parameter(tf.tensor1d([0.3, -0.4]));
    const f = (x: tf.Tensor) => tf.sin(tf.mul(x, w.value));
    const x = tf.tensor1d([1, 2]);
    const inside = ({ x }: { x: tf.Tensor }) => f(checkpointed(({ x }) => f(x), { x }, [w]));
    const run = (g: () => tf.Tensor) =>
      valueAndGrad(() => tf.sum(g()) as tf.Scalar, new Map([['w', w]])).gradients.get('w')!;
    expectClose(
      run(() => tf.mul(checkpointed(inside, { x }, [w]), x)),
      run(() => tf.mul(f(f(x)), x)),
    );
  });

  it('is not done with a cache, nor without a tape', () => {
    const block = new TransformerBlock({ hiddenSize: 6, numHeads: 2, rng: new Rng(1) });
    const x = input([1, 3, 6]);
    const context = { gradientCheckpointing: true };
    const cache = new KeyValueCache();
    const y = checkpointedBlock(block, x, { causal: true, cache }, context);
    expect(cache.length).toBe(3);
    expectClose(y, checkpointedBlock(block, x, { causal: true }, context));
  });

  it('keeps the tensors in objects among the inputs of a block', () => {
    class Turned extends Module {
      readonly weight = new Parameter(tf.tensor1d([0.3, -0.4]));
      forward(x: tf.Tensor, { tables }: { tables: { cos: tf.Tensor; sin: tf.Tensor } }): tf.Tensor {
        return tf.tidy(() => tf.add(tf.mul(x, tables.cos), tf.mul(this.weight.value, tables.sin)));
      }
    }
    const block = new Turned();
    const run = (gradientCheckpointing: boolean) => {
      const loss = () =>
        tf.tidy(() => {
          const angles = tf.tensor1d([0.5, 1.5]);
          const tables = { cos: tf.cos(angles), sin: tf.sin(angles) };
          const y = checkpointedBlock(block, block.weight.value, { tables }, { gradientCheckpointing });
          return tf.sum(tf.square(y)) as tf.Scalar;
        });
      return valueAndGrad(loss, block.namedParameters()).gradients.get('weight')!;
    };
    expectClose(run(true), run(false));
  });
});
