import '@tensorflow/tfjs-backend-cpu';
import { expectClose, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  bytesSource,
  CheckpointError,
  Embedding,
  hostTensorFromValues,
  isCrossmodalError,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  openSafetensors,
  Parameter,
  parameterPattern,
  Rng,
  type StateDict,
  serializeSafetensors,
} from './index';

class Head extends Module {
  static override readonly checkpointKeys = { out_proj: 'out_porj' };
  readonly outProj: Linear;
  /** Shared with the embedding of {@link Model}. */
  readonly tokens: Parameter;
  readonly notAParameter = { weight: 1 };
  constructor(tokens: Parameter, rng: Rng) {
    super();
    this.outProj = new Linear(2, 1, { bias: false, rng });
    this.tokens = tokens;
  }
}

class Model extends Module {
  readonly tokenEmbedding: Embedding;
  readonly textModel: ModuleList<LayerNorm>;
  readonly head2: Head;
  readonly logitScale = new Parameter(tf.scalar(2));
  readonly numBatchesTracked = new Parameter(tf.scalar(3, 'int32'), { buffer: true });
  constructor(rng: Rng) {
    super();
    this.tokenEmbedding = new Embedding(3, 2, { rng });
    this.textModel = new ModuleList([new LayerNorm(2), new LayerNorm(2)]);
    this.head2 = new Head(this.tokenEmbedding.weight, rng);
  }
}

const keys = [
  'logit_scale',
  'num_batches_tracked',
  'token_embedding.weight',
  'text_model.0.weight',
  'text_model.0.bias',
  'text_model.1.weight',
  'text_model.1.bias',
  'head2.out_porj.weight',
];

describe('Module', () => {
  let model: Model;
  beforeAll(async () => {
    await useTestEngine();
  });
  beforeEach(() => {
    model = new Model(new Rng(1));
  });

  it('names parameters by path in snake_case, a shared one once', () => {
    expect([...model.namedParameters().keys()].sort()).toEqual([...keys].sort());
    expect(model.namedParameters().get('token_embedding.weight')).toBe(model.head2.tokens);
    expect([...model.trainableParameters().keys()]).not.toContain('num_batches_tracked');
  });

  it('names what is below a module as published checkpoints do, and reads older names', async () => {
    class Layer extends Module {
      readonly dense = new Linear(2, 1, { bias: false, rng: new Rng(1) });
      readonly norm = new LayerNorm(2);
    }
    class Published extends Module {
      static override readonly checkpointKeys = {
        'layers.*.dense': ['layer.*.output.dense', 'blocks.*.fc'],
        'layers.*.norm': 'layer.*.LayerNorm',
        head: '',
      };
      readonly layers = new ModuleList([new Layer(), new Layer()]);
      readonly head = new Layer();
    }
    const published = new Published();
    const state = await published.stateDict();
    expect(Object.keys(state)).toEqual([
      'layer.0.output.dense.weight',
      'layer.0.LayerNorm.weight',
      'layer.0.LayerNorm.bias',
      'layer.1.output.dense.weight',
      'layer.1.LayerNorm.weight',
      'layer.1.LayerNorm.bias',
      'dense.weight',
      'norm.weight',
      'norm.bias',
    ]);
    const { 'layer.1.output.dense.weight': weight, ...rest } = state;
    const older = hostTensorFromValues(Float32Array.of(5, 6), [1, 2], 'F32');
    published.loadStateDict({ ...rest, 'blocks.1.fc.weight': older });
    expectClose(published.layers.at(1)!.dense.weight.value, tf.tensor2d([[5], [6]]));
    expect(() => published.loadStateDict({ ...rest, 'layer.2.output.dense.weight': weight! })).toThrow(
      'missing (1): layer.1.output.dense.weight',
    );
  });

  it('counts values: no buffers, shared ones once', () => {
    expect(model.parameterCount()).toEqual({ total: 1 + 6 + 8 + 2, trainable: 17 });
    model.freeze('text_model');
    expect(model.parameterCount()).toEqual({ total: 17, trainable: 9 });
  });

  it('gives back what it was given, in the layout of files', async () => {
    const other = new Model(new Rng(2));
    const state = await model.stateDict();
    expect(state['head2.out_porj.weight']!.shape).toEqual([1, 2]); // engine: [2, 1]
    expect(state['num_batches_tracked']!.dtype).toBe('I64');
    expect(other.loadStateDict(state)).toEqual({ missing: [], unexpected: [], mismatched: [] });
    expect(await other.stateDict()).toEqual(state);
    expectClose(other.head2.outProj.weight.value, model.head2.outProj.weight.value, { absolute: 0 });
  });

  it('takes a file tensor by tensor, or not at all', async () => {
    const state = await model.stateDict();
    const open = (state: StateDict) => openSafetensors(bytesSource(serializeSafetensors(state)));
    const other = new Model(new Rng(2));
    const before = await other.stateDict();
    const short = { ...state };
    delete short['logit_scale'];
    await expect(other.loadTensors(await open(short))).rejects.toThrow(
      'loadTensors: the file does not fit the module.\n  missing (1): logit_scale',
    );
    expect(await other.stateDict()).toEqual(before);
    expect((await other.loadTensors(await open(short), { strict: false })).missing).toEqual(['logit_scale']);
    await other.loadTensors(await open(state));
    expect(await other.stateDict()).toEqual(state);
  });

  it('takes a shared parameter under any of its keys', async () => {
    const state = await model.stateDict();
    state['head2.tokens'] = hostTensorFromValues(new Float32Array(6).fill(7), [3, 2], 'F32');
    delete state['token_embedding.weight'];
    model.loadStateDict(state);
    expectClose(model.tokenEmbedding.weight.value, [7, 7, 7, 7, 7, 7]);
  });

  it('names missing and unexpected keys, and changes nothing', async () => {
    const state = await model.stateDict();
    const before = await model.stateDict();
    state['text_model.1.bias'] = hostTensorFromValues(new Float32Array([9, 9]), [2], 'F32');
    state['text_model.2.weight'] = state['text_model.1.bias'];
    delete state['logit_scale'];
    expect(() => model.loadStateDict(state)).toThrow(
      'loadStateDict: the state dict does not fit the module.\n  missing (1): logit_scale\n' +
        '  unexpected (1): text_model.2.weight',
    );
    expect(await model.stateDict()).toEqual(before);
    expect(model.loadStateDict(state, { strict: false })).toEqual({
      missing: ['logit_scale'],
      unexpected: ['text_model.2.weight'],
      mismatched: [],
    });
    expectClose(model.textModel.at(1)!.bias.value, [9, 9]);
  });

  it('refuses other shapes, strict or not, and changes nothing', async () => {
    const before = await model.stateDict();
    const state = {
      ...before,
      logit_scale: hostTensorFromValues(new Float32Array([5]), [], 'F32'),
      'text_model.0.bias': hostTensorFromValues(new Float32Array(3), [3], 'F32'),
    };
    for (const strict of [true, false]) {
      expect(() => model.loadStateDict(state, { strict })).toThrow(
        '  of another shape (1): text_model.0.bias expected [2], received [3]',
      );
    }
    expect(await model.stateDict()).toEqual(before);
    try {
      model.loadStateDict(state);
    } catch (error) {
      expect(error).toBeInstanceOf(CheckpointError);
      expect(isCrossmodalError(error)).toBe(true);
    }
  });

  it('shows ten names of many', () => {
    const many = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`x${i}`, hostTensorFromValues(new Float32Array(1), [1], 'F32')]),
    );
    expect(() => model.loadStateDict(many)).toThrow(
      'unexpected (12): x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, ...',
    );
  });

  it('freezes and unfreezes by pattern, never a buffer', () => {
    const frozen = () =>
      [...model.namedParameters()].filter(([, p]) => !p.trainable && !p.buffer).map(([key]) => key);
    expect(model.freeze('text_model.0')).toBe(2);
    expect(frozen()).toEqual(['text_model.0.weight', 'text_model.0.bias']);
    expect(model.unfreeze('text_model.*.bias')).toBe(2);
    expect(frozen()).toEqual(['text_model.0.weight']);
    expect(model.freeze(/^(head2|token)/)).toBe(2);
    expect(frozen()).toHaveLength(3);
    expect(model.unfreeze()).toBe(8);
    expect(frozen()).toEqual([]);
    expect(model.numBatchesTracked.trainable).toBe(false);
  });

  it('says what there is when a pattern finds nothing', () => {
    expect(() => model.freeze('txt_model')).toThrow(
      /^selectParameters: nothing matches txt_model\. At the top there are: .*text_model.*head2/,
    );
    expect(() => model.freeze('text')).toThrow('nothing matches text.'); // a path, not the start of a word
  });

  it('makes a table', () => {
    model.freeze('text_model.1');
    expect(model.textModel.summary()).toBe(
      [
        'parameter  shape  values  trained',
        '---------  -----  ------  -------',
        '0.weight   [2]         2  yes',
        '0.bias     [2]         2  yes',
        '1.weight   [2]         2  no',
        '1.bias     [2]         2  no',
        '8 values, 4 of them trained',
      ].join('\n'),
    );
    expect(model.summary()).toMatch(/^num_batches_tracked +\[\] +1 +buffer$/m);
  });

  it('disposes all that it made', () => {
    model.dispose();
    const before = tf.memory().numTensors;
    const another = new Model(new Rng(1));
    expect(tf.memory().numTensors).toBe(before + 8);
    another.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('ModuleList', () => {
  it('is a sequence', () => {
    const [a, b] = [new LayerNorm(2), new LayerNorm(3)];
    const list = new ModuleList([a, b]);
    expect(list.length).toBe(2);
    expect([...list]).toEqual([a, b]);
    expect([list.at(0), list.at(-1), list.at(2)]).toEqual([a, b, undefined]);
    expect([...list.namedParameters().keys()]).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
  });
});

describe('parameterPattern', () => {
  it.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a.b.c', true],
    ['a.b', 'a.bc', false],
    ['a.b', 'x.a.b', false],
    ['*.b', 'x.a.b', true],
    ['a.*.c', 'a.0.c', true],
    ['a.*.c', 'a.0.d', false],
    ['a.b', 'axb', false],
    [/b$/, 'a.b', true],
    [/b$/g, 'a.b', true],
    [/^b/, 'a.b', false],
  ])('%s on %s: %s', (pattern, key, expected) => {
    const matches = parameterPattern(pattern);
    expect([matches(key), matches(key)]).toEqual([expected, expected]);
  });
});
