import '@crossmodal/backend-onnx';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Embedding,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  Parameter,
  Rng,
  TransformerBlock,
  useBackend,
} from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportONNX } from './export-onnx';
import { assertFits, type ToONNXOptions, toONNX } from './to-onnx';

interface Input {
  inputIds: tf.Tensor2D;
  attentionMask: tf.Tensor2D;
}

/** A small encoder of texts; large enough for its weights to be quantised. */
class Encoder extends Module {
  readonly tokens: Embedding;
  readonly layers: ModuleList<TransformerBlock>;
  readonly norm: LayerNorm;
  readonly head: Linear;
  constructor(
    rng: Rng,
    readonly causal = false,
  ) {
    super();
    this.tokens = new Embedding(50, 64, { rng });
    const block = { hiddenSize: 64, numHeads: 4, mlpDim: 96, activation: 'gelu' as const, rng };
    this.layers = new ModuleList([new TransformerBlock(block), new TransformerBlock(block)]);
    this.norm = new LayerNorm(64);
    this.head = new Linear(64, 33, { rng });
  }
  forward({ inputIds, attentionMask }: Input, context?: ForwardContext) {
    return tf.tidy(() => {
      let x = this.tokens.forward(inputIds) as tf.Tensor3D;
      for (const layer of this.layers) x = layer.forward(x, { attentionMask, causal: this.causal }, context);
      const lastHiddenState = this.norm.forward(x);
      return { lastHiddenState, logits: this.head.forward(tf.mean(lastHiddenState, 1)), sameIds: inputIds };
    });
  }
}

const example = (batch: number, length: number): Input => {
  const rng = new Rng(batch * 100 + length);
  const ids = Int32Array.from({ length: batch * length }, () => rng.integer(50));
  const mask = ids.map((_, i) => (i % length < length - (i < length ? 2 : 0) ? 1 : 0));
  return {
    inputIds: tf.tensor2d(ids, [batch, length], 'int32'),
    attentionMask: tf.tensor2d(mask, [batch, length], 'int32'),
  };
};
const dynamicAxes = {
  inputIds: { 0: 'batch', 1: 'sequence' },
  attentionMask: { 0: 'batch', 1: 'sequence' },
};
const int64 = (x: tf.Tensor) => new Tensor('int64', BigInt64Array.from(x.dataSync(), BigInt), x.shape);

async function runFile(model: Uint8Array, { inputIds, attentionMask }: Input) {
  const session = await InferenceSession.create(model, { logSeverityLevel: 3 });
  return session.run({ input_ids: int64(inputIds), attention_mask: int64(attentionMask) });
}
const values = (tensor: Tensor | undefined) => tensor!.data as Float32Array;

describe('exportONNX', () => {
  let encoder: Encoder;
  let folder: string;
  beforeAll(async () => {
    await useBackend('onnx');
    encoder = new Encoder(new Rng(1));
    folder = await mkdtemp(join(tmpdir(), 'export-onnx-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('writes a file that ONNX Runtime runs at other sizes than the example has', async () => {
    const path = join(folder, 'encoder.onnx');
    const report = await exportONNX(encoder, { ...example(2, 6) }, path, { dynamicAxes });
    const model = await readFile(path);
    for (const [batch, length] of [
      [1, 3],
      [3, 9],
      [2, 1],
    ] as const) {
      const input = example(batch, length);
      const expected = encoder.forward(input);
      const received = await runFile(model, input);
      expectClose(values(received['logits']), expected.logits.dataSync(), { absolute: 1e-5 });
      expectClose(values(received['last_hidden_state']), expected.lastHiddenState.dataSync(), {
        absolute: 1e-5,
      });
      expect(received['same_ids']!.type).toBe('int64');
    }
    expect(report).toMatchObject({
      opset: 20,
      inputs: [
        { name: 'input_ids', dtype: 'int64', shape: ['batch', 'sequence'] },
        { name: 'attention_mask', dtype: 'int64', shape: ['batch', 'sequence'] },
      ],
      outputs: [
        { name: 'last_hidden_state', dtype: 'float32', shape: ['batch', 'sequence', 64] },
        { name: 'logits', dtype: 'float32', shape: ['batch', 33] },
        { name: 'same_ids', dtype: 'int64', shape: ['batch', 'sequence'] },
      ],
      bytes: model.byteLength,
      parameters: [...encoder.namedParameters()].reduce((sum, [, { value }]) => sum + value.size, 0),
    });
    expect(report.difference).toBeUndefined();
    expect(await readdir(folder)).toEqual(['encoder.onnx']);
  });

  it('gives nodes and weights the names of the modules', () => {
    const { model } = toONNX(encoder, { ...example(2, 6) });
    const text = new TextDecoder('latin1').decode(model);
    for (const name of ['tokens.weight', 'layers.1.', 'layers/1/', 'head.bias', 'head/Gemm', 'crossmodal'])
      expect(text.includes(name), name).toBe(true);
    expect(text.includes('com.microsoft')).toBe(false);
  });

  it.each([
    { dtype: 'float16', share: 0.65, close: 0.002 },
    { dtype: 'int8', share: 0.5, close: 0.05 },
  ] as const)(
    'makes smaller files of $dtype, and says what they compute',
    async ({ dtype, share, close }) => {
      const input = example(3, 6);
      const whole = toONNX(encoder, { ...input }, { dynamicAxes });
      const { model, report } = toONNX(encoder, { ...input }, { dynamicAxes, dtype });
      expect(model.byteLength / whole.model.byteLength).toBeLessThan(share);
      const expected = encoder.forward(input);
      const received = await runFile(model, input);
      const differences = (['lastHiddenState', 'logits'] as const).map((name) => {
        const a = expected[name].dataSync() as Float32Array;
        const b = values(received[name === 'logits' ? 'logits' : 'last_hidden_state']);
        const largest = (x: Float32Array) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        return largest(a.map((value, i) => value - b[i]!)) / largest(a);
      });
      expect(report.difference!.largestDifference).toBeCloseTo(Math.max(...differences), 5);
      expect(report.difference!.largestDifference).toBeGreaterThan(0);
      expect(report.difference!.largestDifference).toBeLessThan(close);
      expect(report.difference!.meanCosine).toBeGreaterThan(1 - close);
      expect(report.difference!.meanCosine).toBeLessThan(1);
      // At another size too.
      const other = example(1, 4);
      const logits = encoder.forward(other).logits.dataSync();
      expectClose(values((await runFile(model, other))['logits']), logits, { absolute: close });
    },
  );

  it('takes images in the order of files, and names what an argument is called', async () => {
    class Mean extends Module {
      forward(image: tf.Tensor4D) {
        return tf.tidy(() => tf.mul(tf.mean(image, [1, 2]), [1, 2, 3]));
      }
    }
    const { model, report } = toONNX(new Mean(), [tf.ones([1, 4, 5, 3])], {
      inputNames: ['image'],
      outputNames: ['mean'],
      dynamicAxes: { image: { 1: 'height' } },
      channelsFirst: ['image'],
    });
    expect(report.inputs).toEqual([{ name: 'image', dtype: 'float32', shape: [1, 3, 'height', 5] }]);
    const session = await InferenceSession.create(model);
    const data = Float32Array.from({ length: 3 * 2 * 5 }, (_, i) => Math.floor(i / 10) + 1);
    const { mean } = await session.run({ image: new Tensor('float32', data, [1, 3, 2, 5]) });
    expectClose(values(mean), [1, 4, 9]);
  });

  it('puts weights into a file of their own', async () => {
    const path = join(folder, 'two.onnx');
    const report = await exportONNX(encoder, { ...example(2, 6) }, path, { dynamicAxes, externalData: true });
    const [model, data] = [await readFile(path), await readFile(`${path}_data`)];
    expect(report.bytes).toBe(model.byteLength + data.byteLength);
    expect(model.byteLength).toBeLessThan(20_000);
    const session = await InferenceSession.create(path);
    const input = example(1, 7);
    const { logits } = await session.run({
      input_ids: int64(input.inputIds),
      attention_mask: int64(input.attentionMask),
    });
    expectClose(values(logits), encoder.forward(input).logits.dataSync(), { absolute: 1e-5 });
  });

  it('quantises a table of embeddings that gives the logits too', async () => {
    class Tied extends Module {
      readonly tokens = new Embedding(50, 40, { rng: new Rng(5) });
      forward(ids: tf.Tensor1D) {
        return tf.tidy(() => {
          const x = this.tokens.forward(ids) as tf.Tensor2D;
          return tf.matMul(x, this.tokens.weight.value as tf.Tensor2D, false, true);
        });
      }
    }
    const tied = new Tied();
    const ids = tf.tensor1d([3, 49, 0, 7], 'int32');
    const { model, report } = toONNX(tied, [ids], { dtype: 'int8', inputNames: ['ids'], outputNames: ['y'] });
    expect(report.difference!.largestDifference).toBeLessThan(0.02);
    const session = await InferenceSession.create(model);
    const { y } = await session.run({ ids: int64(ids) });
    const expected = tied.forward(ids);
    expectClose(values(y), expected.dataSync(), { absolute: 0.02 * tf.max(tf.abs(expected)).dataSync()[0]! });
    // The table twice, by rows and turned, and nothing of float32 but scales.
    expect(model.byteLength).toBeLessThan(2 * 50 * 40 + 3000);
  });

  it('keeps weights that halves cannot hold', async () => {
    const large = new Linear(32, 33, { rng: new Rng(1) });
    large.weight.assign(tf.mul(large.weight.value, 1e6));
    const x = tf.ones([2, 32]);
    const { model, report } = toONNX(large, [x], { dtype: 'float16', outputNames: ['y'] });
    expect(report.difference).toEqual({ largestDifference: 0, meanCosine: 1 });
    const session = await InferenceSession.create(model);
    const { y } = await session.run({
      input_0: new Tensor('float32', x.dataSync() as Float32Array, [2, 32]),
    });
    expectClose(values(y), large.forward(x).dataSync(), { relative: 1e-5 });
  });

  it('keeps a filter that is used twice as it is', async () => {
    class Twice extends Module {
      readonly weight = new Parameter(tf.randomNormal([3, 3, 2, 2], 0, 1, 'float32', 4) as tf.Tensor);
      forward(x: tf.Tensor4D) {
        return tf.tidy(() => {
          const weight = this.weight.value as tf.Tensor4D;
          return tf.add(tf.conv2d(tf.conv2d(x, weight, 1, 'same'), weight, 1, 'same'), tf.sum(weight));
        });
      }
    }
    const twice = new Twice();
    const x = tf.randomNormal([1, 5, 4, 2], 0, 1, 'float32', 5) as tf.Tensor4D;
    const { model } = toONNX(twice, [x], { channelsFirst: ['input_0'], outputNames: ['y'] });
    const session = await InferenceSession.create(model);
    const planes = tf.transpose(x, [0, 3, 1, 2]).dataSync() as Float32Array;
    const { y } = await session.run({ input_0: new Tensor('float32', planes, [1, 2, 5, 4]) });
    expectClose(values(y), twice.forward(x).dataSync(), { absolute: 1e-4 });
  });

  it('exports any function of the module', async () => {
    const forward = (ids: tf.Tensor2D) => ({ embeddings: encoder.tokens.forward(ids) });
    const { report } = toONNX(encoder, [example(2, 3).inputIds], { forward, inputNames: ['ids'] });
    expect(report).toMatchObject({
      inputs: [{ name: 'ids' }],
      outputs: [{ name: 'embeddings' }],
      parameters: 50 * 64,
    });
  });

  it('leaves no tensors behind', () => {
    const input = example(2, 6);
    expectNoLeak(() => {
      toONNX(encoder, { ...input }, { dynamicAxes, dtype: 'int8' });
    });
  });

  const fails = (options: ToONNXOptions, input: object = example(2, 6)) => {
    let message = '';
    try {
      toONNX(encoder, input as Record<string, unknown>, options);
    } catch (error) {
      message = (error as Error).message;
    }
    return message;
  };

  it('says what does not fit', async () => {
    const names = 'expected names among input_ids, attention_mask, received pixels.';
    expect(fails({ dynamicAxes: { pixels: { 0: 'batch' } } })).toBe(`exportONNX: dynamicAxes: ${names}`);
    expect(fails({ channelsFirst: ['pixels'] })).toBe(`exportONNX: channelsFirst: ${names}`);
    expect(fails({ channelsFirst: ['inputIds'] })).toBe(
      'exportONNX: channelsFirst: inputIds: expected a tensor of rank 4, received one of rank 2.',
    );
    expect(fails({ dynamicAxes: { inputIds: { 2: 'x' } } })).toBe(
      'exportONNX: dynamicAxes: input_ids: expected axes from 0 to 1, received 2.',
    );
    expect(fails({ dynamicAxes: { inputIds: { 0: 'size', 1: 'size' } } })).toBe(
      'exportONNX: dynamicAxes: size: expected axes of one size in the example, received 2 and 6.',
    );
    expect(fails({ dtype: 'int4' as 'int8' })).toBe(
      'exportONNX: dtype: expected one of float32, float16, int8, received int4.',
    );
    expect(fails({}, {})).toBe(
      'exportONNX: exampleInputs: expected at least one tensor, whose shape the file takes.',
    );
    expect(fails({ forward: ({ inputIds }: Input) => ({ inputIds: tf.add(inputIds, 1) }) })).toBe(
      'exportONNX: input_ids: two inputs or outputs have this name. Give one of them another: options.forward can rename ' +
        'what a module takes and gives.',
    );
    const rng = new Rng(1);
    const noisy = (x: tf.Tensor, rng: Rng) =>
      tf.add(
        x,
        rng.tensor([2], (r) => r.normalArray(2)),
      );
    expect(() => toONNX(encoder, [tf.ones([2]), rng], { forward: noisy })).toThrow(
      'exportONNX: the function draws random numbers. Export it without training: true.',
    );
    expect(() => assertFits({ constantBytes: 2 ** 31 - 2 ** 26 })).not.toThrow();
    expect(() => assertFits({ constantBytes: 2.5 * 2 ** 30 })).toThrow(
      'exportONNX: the weights have 2.5 GiB, and one file of this format holds less than 2. In Node, exportONNX writes them ' +
        "beside it; or take dtype 'float16' or 'int8'.",
    );
    class Empty extends Module {}
    expect(() => toONNX(new Empty(), [tf.ones([2])])).toThrow(
      'exportONNX: module: expected a forward method. Name what to export in options.forward.',
    );
    await expect(exportONNX(encoder, { ...example(2, 6) }, join(folder, 'no/x.onnx'))).rejects.toThrow(
      /x\.onnx cannot be written: ENOENT/,
    );
  });
});
