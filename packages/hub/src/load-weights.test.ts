import '@tensorflow/tfjs-backend-cpu';
import {
  bytesSource,
  Embedding,
  hostTensorFromValues,
  LayerNorm,
  Linear,
  Module,
  openSafetensors,
  Rng,
  type StateDict,
  serializeSafetensors,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadWeights } from './load-weights';

class Tower extends Module {
  static override readonly checkpointKeys = { layer_norm: 'LayerNorm' };
  readonly tokens = new Embedding(3, 2, { rng: new Rng(1) });
  readonly layerNorm = new LayerNorm(2);
}

class Headed extends Module {
  readonly bert = new Tower();
  readonly classifier = new Linear(2, 4, { rng: new Rng(2) });
}

const values = (start: number, ...shape: number[]) =>
  hostTensorFromValues(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => start + i),
    shape,
    'F32',
  );
const tower = (): StateDict => ({
  'tokens.weight': values(1, 3, 2),
  'LayerNorm.weight': values(10, 2),
  'LayerNorm.bias': values(20, 2),
});
const head = (): StateDict => ({ 'classifier.weight': values(30, 4, 2), 'classifier.bias': values(40, 4) });
const under = (prefix: string, state: StateDict): StateDict =>
  Object.fromEntries(Object.entries(state).map(([key, host]) => [prefix + key, host]));
const open = (state: StateDict) => openSafetensors(bytesSource(serializeSafetensors(state)));
const first = (module: Tower) => Array.from(module.layerNorm.bias.value.dataSync());

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('loadWeights', () => {
  it('loads a tower from the file of a model with a head, and says what it passed over', async () => {
    const module = new Tower();
    const file = await open({ ...under('bert.', tower()), ...head() });
    const report = await loadWeights(module, file, { prefix: 'bert' });
    expect(first(module)).toEqual([20, 21]);
    expect(report.ignored.sort()).toEqual(['classifier.bias', 'classifier.weight']);
  });

  it('loads a model with a head from the file of the tower, whose head is then missing', async () => {
    const module = new Headed();
    const file = await open(tower());
    await expect(loadWeights(module, file, { prefix: 'bert' })).rejects.toThrow(
      'missing (2): classifier.weight, classifier.bias',
    );
    const report = await loadWeights(module, file, { prefix: 'bert', strict: false });
    expect(report).toMatchObject({ missing: ['classifier.weight', 'classifier.bias'], unexpected: [] });
    expect(first(module.bert)).toEqual([20, 21]);
    await loadWeights(module, await open({ ...tower(), ...head() }), { prefix: 'bert' });
    expect(Array.from(module.classifier.bias!.value.dataSync())).toEqual([40, 41, 42, 43]);
  });

  it("passes over positions, and reads TensorFlow's names of norms", async () => {
    const { 'LayerNorm.weight': gamma, 'LayerNorm.bias': beta, ...rest } = tower();
    const old = {
      ...rest,
      'LayerNorm.gamma': gamma!,
      'LayerNorm.beta': beta!,
      position_ids: values(0, 1, 2),
    };
    const module = new Tower();
    const report = await loadWeights(module, await open(old));
    expect(report.ignored).toEqual(['position_ids']);
    expect(first(module)).toEqual([20, 21]);
    await expect(loadWeights(module, await open({ ...old, 'LayerNorm.weight': gamma! }))).rejects.toThrow(
      /renameTensors: LayerNorm\.(weight|gamma) and LayerNorm\.(weight|gamma) are both LayerNorm.weight\./,
    );
  });

  it('names what does not fit, and changes nothing', async () => {
    const module = new Tower();
    const before = first(module);
    const file = await open({ ...tower(), 'tokens.weight': values(0, 2, 2), extra: values(0, 1) });
    await expect(loadWeights(module, file)).rejects.toThrow(
      'of another shape (1): tokens.weight expected [3, 2], received [2, 2]',
    );
    await expect(loadWeights(module, file, { ignore: [/^extra$/], strict: false })).rejects.toThrow('[2, 2]');
    expect(first(module)).toEqual(before);
  });
});
