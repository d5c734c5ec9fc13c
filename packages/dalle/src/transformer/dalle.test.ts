import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostTensorFromValues, Rng, type StateDict, valueAndGrad, ZeroRng } from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateImageTokens } from '../sampling/generate-image-tokens';
import { DALLE, type DALLEInput } from './dalle';
import { ATTENTION_KINDS, type DALLEOptions, readDALLEConfig } from './dalle-config';
import { dalleLoss } from './dalle-loss';

const golden = readGolden(new URL('../../golden/dalle.safetensors', import.meta.url));
const sizes = {
  textVocabSize: 11,
  textLength: 5,
  codebookSize: 7,
  gridHeight: 3,
  gridWidth: 4,
  hiddenSize: 28,
  numLayers: 2,
  numHeads: 2,
  intermediateSize: 12,
  kernelSize: 3,
} as const;
const TEXT_IDS = 16;
const GRID = 12;
const all: Omit<DALLEOptions, keyof typeof sizes> = {
  attentionKinds: ['convolution', 'column'],
  positions: 'rotary',
  activation: 'geglu',
  layerScale: 0.1,
  tokenShift: true,
  stableSoftmax: true,
};
const variants: Record<string, Partial<DALLEOptions>> = {
  full: {},
  row: { attentionKinds: ['row'] },
  column: { attentionKinds: ['column'] },
  convolution: { attentionKinds: ['convolution'] },
  rotary: { positions: 'rotary' },
  geglu: { activation: 'geglu' },
  layer_scale: { layerScale: 0.1 },
  token_shift: { tokenShift: true },
  stable: { stableSoftmax: true },
  everything: { ...all, numLayers: 3 },
};
const names = Object.keys(variants);

/** A variant with the weights of the recipe's pool. */
function load(name: string): DALLE {
  const model = new DALLE({ ...sizes, ...variants[name], rng: new ZeroRng() });
  const state: StateDict = {};
  for (const key of model.namedParameters().keys()) {
    const { values, shape } = golden.array(`weights.${key}`);
    state[key] = hostTensorFromValues(values as Float32Array, shape, 'F32');
  }
  model.loadStateDict(state);
  return model;
}

const input = (): DALLEInput => ({
  textIds: golden.tensor('text_ids') as tf.Tensor2D,
  attentionMask: golden.tensor('attention_mask') as tf.Tensor2D,
  imageIds: golden.tensor('image_ids') as tf.Tensor2D,
});
/** The texts of the recipe without padding. */
const texts = () => {
  const ids = (golden.tensor('text_ids') as tf.Tensor2D).arraySync();
  return [ids[0]!.slice(0, 3), ids[1]!];
};
const close = { relative: 1e-4, absolute: 1e-4 };

describe.each(['cpu', 'onnx'])('DALLE beside the reference in PyTorch, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(names)('computes the same logits, loss and gradients: %s', (name) => {
    const model = load(name);
    const { textLogits, imageLogits, textLabels } = model.forward(input());
    const joint = golden.tensor(`${name}.logits`); // [2, 17, 23], with -infinity where the mask is
    expectClose(textLogits, tf.slice(joint, [0, 0, 0], [-1, 5, TEXT_IDS]), close);
    expectClose(imageLogits, tf.slice(joint, [0, 5, TEXT_IDS], [-1, -1, -1]), close);
    expectClose(textLabels, golden.tensor('text_labels'));

    const { value, gradients } = valueAndGrad(() => {
      const { loss, metrics } = dalleLoss(model.forward(input()), input().imageIds!);
      expectClose(metrics.textLoss, golden.tensor(`${name}.text_loss`), close);
      expectClose(metrics.imageLoss, golden.tensor(`${name}.image_loss`), close);
      return loss;
    }, model.namedParameters());
    expectClose(value, golden.tensor(`${name}.loss`), close);
    expect(gradients.size).toBe(model.trainableParameters().size);
    const start = `${name}.grad.`;
    const expected = golden.names.filter((key) => key.startsWith(start));
    expect(expected.length).toBeGreaterThanOrEqual(6);
    for (const key of expected) {
      const parameter = model.namedParameters().get(key.slice(start.length))!;
      const gradient = gradients.get(key.slice(start.length))!;
      const asInFile = parameter.layout === 'linear' ? tf.transpose(gradient) : gradient;
      expectClose(asInFile, golden.tensor(key), { relative: 1e-3, absolute: 1e-5 });
    }
  });

  it.each(['full', 'everything'])('looks at the same in every block: %s', (name) => {
    const model = load(name);
    const given = input();
    const weights = model.attentionWeights(given);
    expect(weights).toHaveLength(model.config.numLayers);
    for (const [i, each] of weights.entries())
      expectClose(each, golden.tensor(`${name}.attention.${i}`), close);
    expectNoLeak(() => tf.dispose(model.attentionWeights(given)));
  });

  it.each(names)('generates the same tokens greedily, also with guidance: %s', async (name) => {
    const model = load(name);
    const tokens = await generateImageTokens(model, texts(), { temperature: 0 });
    expectClose(tokens.flat(), golden.tensor(`${name}.greedy`));
    const guided = await generateImageTokens(model, texts(), { temperature: 0, guidanceScale: 3 });
    expectClose(guided.flat(), golden.tensor(`${name}.guided`));
    const rows = [...texts(), [], []];
    const decoder = model.startDecoding({ texts: rows, prime: rows.map(() => []) });
    const [withText, without] = tf.split(decoder.next(), 2) as [tf.Tensor, tf.Tensor];
    const logits = tf.add(without, tf.mul(tf.sub(withText, without), 3));
    expectClose(logits, golden.tensor(`${name}.guided_logits`), { relative: 3e-4, absolute: 3e-4 });
    decoder.dispose();
  });

  it('has the same gradients when it computes blocks again', () => {
    const model = load('everything');
    const gradients = [false, true].map((gradientCheckpointing) => {
      const loss = () => dalleLoss(model.forward(input(), { gradientCheckpointing }), input().imageIds!).loss;
      return valueAndGrad(loss, model.namedParameters()).gradients;
    });
    for (const [key, gradient] of gradients[0]!) expectClose(gradients[1]!.get(key)!, gradient);
  });

  it('leaks nothing', () => {
    for (const name of ['full', 'everything']) {
      const model = load(name);
      const given = input();
      expectNoLeak(() => tf.dispose({ ...model.forward(given) }));
      expectNoLeak(() => {
        const { loss, metrics } = dalleLoss(model.forward(given), given.imageIds!);
        tf.dispose([loss, metrics]);
      }, 3); // what forward gave
      expectNoLeak(() => {
        const decoder = model.startDecoding({ texts: [[1], [2]], prime: [[], []] });
        decoder.next().dispose();
        decoder.next([1, 2]).dispose();
        decoder.dispose();
      });
    }
  });
});

// Sizes that fused kernels take, too.
const wide = { ...sizes, hiddenSize: 32, numLayers: 4 };
const designs = [
  ...ATTENTION_KINDS.map((kind) => ({ attentionKinds: [kind] })),
  ...ATTENTION_KINDS.map((kind) => ({ ...all, attentionKinds: [kind] })),
] as const;

/** A model with weights large enough that everything has an effect. */
function randomModel(options: Partial<DALLEOptions>): DALLE {
  const model = new DALLE({ ...wide, ...options, rng: new Rng(1) });
  const rng = new Rng(2);
  for (const [, parameter] of model.namedParameters()) {
    const values = rng.normalArray(parameter.size, 0, 0.3);
    parameter.assign(tf.add(parameter.value, tf.tensor(values, parameter.shape)));
  }
  return model;
}

describe.each(['cpu', 'onnx'])('DALLE on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(designs)('sees nothing that comes after: %j', (design) => {
    const model = randomModel(design);
    const before = input();
    const text = before.textIds.arraySync();
    const image = before.imageIds!.arraySync();
    const logits = (text: number[][], image: number[][]) => {
      const textIds = tf.tensor2d(text, [2, 5], 'int32');
      const output = model.forward({ textIds, imageIds: tf.tensor2d(image, [2, GRID], 'int32') });
      return { text: output.textLogits.arraySync(), image: output.imageLogits.arraySync() };
    };
    const given = logits(text, image);
    const changed = (rows: number[][], at: number, ids: number) =>
      rows.map((row) => row.map((id, i) => (i === at ? (id + 1) % ids : id)));
    for (let j = 0; j < 5; j++) {
      const now = logits(changed(text, j, 11), image);
      for (const row of [0, 1]) {
        expect(now.text[row]!.slice(0, j + 1)).toEqual(given.text[row]!.slice(0, j + 1));
        if (j < 4) expect(now.text[row]![j + 1]).not.toEqual(given.text[row]![j + 1]);
        expect(now.image[row]![0]).not.toEqual(given.image[row]![0]); // the whole text is seen
      }
    }
    for (let j = 0; j < GRID; j++) {
      const now = logits(text, changed(image, j, 7));
      for (const row of [0, 1]) {
        expect(now.text[row]).toEqual(given.text[row]);
        expect(now.image[row]!.slice(0, j + 1)).toEqual(given.image[row]!.slice(0, j + 1));
        if (j < GRID - 1) expect(now.image[row]![j + 1]).not.toEqual(given.image[row]![j + 1]);
      }
    }
  });

  it.each(designs)('gives the same with what it keeps of the past as without: %j', (design) => {
    const model = randomModel(design);
    const { imageIds } = input();
    const image = imageIds!.arraySync();
    const whole = model.forward({ ...input(), attentionMask: undefined }).imageLogits;
    const text = (golden.tensor('text_ids') as tf.Tensor2D).arraySync();
    for (const primed of [0, 5]) {
      const prime = image.map((row) => row.slice(0, primed));
      const decoder = model.startDecoding({ texts: text, prime });
      const steps = [decoder.next()];
      for (let i = primed; i < GRID - 1; i++) steps.push(decoder.next(image.map((row) => row[i]!)));
      expectClose(tf.stack(steps, 1), tf.slice(whole, [0, primed, 0], [-1, -1, -1]));
      decoder.dispose();
    }
  });

  it('leaves texts out in training, at the rate', () => {
    const model = randomModel({ textDropRate: 0.5 });
    const textIds = tf.ones<tf.Rank.R2>([40, 5], 'int32');
    const imageIds = tf.zeros<tf.Rank.R2>([40, GRID], 'int32');
    const context = { training: true, rng: new Rng(3) };
    const { textLabels, imageLogits } = model.forward({ textIds, imageIds }, context);
    const isDropped = (textLabels.arraySync() as number[][]).map((row) => row.every((id) => id === -100));
    const count = isDropped.filter(Boolean).length;
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(30);
    const none = tf.zeros<tf.Rank.R2>([1, 5], 'int32');
    const one = tf.zeros<tf.Rank.R2>([1, GRID], 'int32');
    const withText = model.forward({ textIds: tf.onesLike(none), imageIds: one }).imageLogits;
    const without = model.forward({ textIds: none, attentionMask: none, imageIds: one }).imageLogits;
    for (const [i, drop] of isDropped.entries())
      expectClose(tf.slice(imageLogits, [i, 0, 0], [1, -1, -1]), drop ? without : withText);
    expect(() => model.forward({ textIds, imageIds }, { training: true })).toThrow(
      'DALLE: needs a random generator',
    );
  });
});

describe('DALLE', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('weighs the losses 1 to 7', () => {
    const text = {
      textLogits: tf.zeros<tf.Rank.R3>([2, 3, 4]),
      textLabels: tf.zeros<tf.Rank.R2>([2, 3], 'int32'),
    };
    const output = { ...text, imageLogits: tf.zeros<tf.Rank.R3>([2, 5, 8]) };
    const imageIds = tf.ones<tf.Rank.R2>([2, 5], 'int32');
    expectClose(dalleLoss(output, imageIds).loss, (Math.log(4) + 7 * Math.log(8)) / 8);
    expectClose(dalleLoss(output, imageIds, { imageWeight: 1 }).loss, (Math.log(4) + Math.log(8)) / 2);
    expect(() => dalleLoss(output, tf.zeros([2, 4], 'int32'))).toThrow(
      'dalleLoss: imageIds: expected shape [2, 5], received [2, 4]. The loss is of whole images.',
    );
  });

  it('keeps scores finite with a stable softmax where others overflow', () => {
    const overflow = (stableSoftmax: boolean) => {
      const model = randomModel({ stableSoftmax, numLayers: 1 });
      const { qProj, kProj } = model.layers.at(0)!.block.selfAttn;
      for (const { weight } of [qProj, kProj]) weight.assign(tf.mul(weight.value, 3e19));
      return Array.from(model.forward(input()).imageLogits.dataSync()).every(Number.isFinite);
    };
    expect([overflow(false), overflow(true)]).toEqual([false, true]);
  });

  it('is saved and read again', async () => {
    const model = randomModel({ ...all, numLayers: 2 });
    const folder = mkdtempSync(join(tmpdir(), 'dalle-'));
    await model.saveTo(folder);
    const again = await DALLE.fromPretrained(folder);
    const json = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
    rmSync(folder, { recursive: true });
    expect(again.config).toEqual(model.config);
    expect(await again.stateDict()).toEqual(await model.stateDict());
    expectClose(again.forward(input()).imageLogits, model.forward(input()).imageLogits);
    const same = DALLE.fromConfig(json, { rng: new Rng(0) });
    expect(same.config).toEqual(model.config);
  });

  it('says what cannot be', () => {
    const read = (json: object) => () => readDALLEConfig({ ...json });
    expect(read({ attention_kinds: ['diagonal'] })).toThrow(
      'readDALLEConfig: attention_kinds: expected a list of one or more of full, row, column, convolution, received ["diagonal"].',
    );
    expect(read({ kernel_size: 4 })).toThrow(
      'readDALLEConfig: kernel_size: expected an odd number, received 4.',
    );
    expect(read({ hidden_size: 10, num_heads: 3 })).toThrow(
      'readDALLEConfig: hidden_size: expected a multiple of num_heads (3), received 10.',
    );
    expect(read({ model_type: 'clip' })).toThrow(
      'readDALLEConfig: model_type: expected "dalle", received "clip".',
    );
    expect(read({ hidden_size: 8, num_heads: 2, positions: 'rotary' })).toThrow(
      'readDALLEConfig: hidden_size: expected an even number of at least 6 values for each head with rotary positions, received 8.',
    );
    const model = randomModel({});
    expect(() => model.forward({ textIds: tf.zeros([2, 6], 'int32') })).toThrow(
      'DALLE: textIds: expected at most 5 tokens, received 6.',
    );
    const textIds = tf.zeros<tf.Rank.R2>([2, 5], 'int32');
    expect(() => model.forward({ textIds, imageIds: tf.zeros([2, 13], 'int32') })).toThrow(
      'DALLE: imageIds: expected at most 12 tokens, received 13.',
    );
    expect(() => model.forward({ textIds, imageIds: tf.zeros([1, 2], 'int32') })).toThrow(
      'DALLE: imageIds: expected shape [2, ?], received [1, 2].',
    );
  });
});
