import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng, valueAndGrad } from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Fusion, FusionConfig, FusionOutput } from '../fusion';
import type { ModalityInput } from '../modality-inputs';

export interface FusionCheckOptions {
  /** Size of what is fused. Default 3. */
  outputDim?: number;
  /** Whether the strategy takes exactly two modalities: text and image. Default false. */
  pair?: boolean;
  /** Whether the strategy says who contributed. Default false. */
  weights?: boolean;
  /** Whether each change of an input is seen in inference, as it is not by what counts votes. Default true. */
  seesChanges?: boolean;
  /**
   * Keys of parameters whose gradient is 0 by mathematics. Default: the bias of keys, which adds the same to all scores
   * of a query.
   */
  withoutGradient?: RegExp;
}

type Inputs = Record<'text' | 'image' | 'audio', ModalityInput>;

const DIMS = { text: 5, image: 6, audio: 7 };
const BATCH = 4;
const tolerance = { absolute: 2e-5, relative: 1e-4 };

/** Two sequences and a vector; text is padded in sample 1, image is missing in sample 2, audio in sample 3. */
export function sampleInputs(): Inputs {
  const rng = new Rng(7);
  const random = (...shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);
  const mask = (rows: number[][]) => tf.tensor2d(rows);
  return {
    text: {
      features: random(BATCH, 4, DIMS.text) as tf.Tensor3D,
      mask: mask([1, 0, 1, 1].map((there) => [1, 1, there, there])),
    },
    image: {
      features: random(BATCH, 3, DIMS.image) as tf.Tensor3D,
      mask: mask([1, 1, 0, 1].map((there) => [there, there, there])),
    },
    audio: { features: random(BATCH, DIMS.audio) as tf.Tensor2D, mask: tf.tensor1d([1, 1, 1, 0]) },
  };
}

/**
 * What holds for every strategy, as tests on two engines: each parameter learns; padding, missing modalities and other
 * samples have no influence; nothing there gives zeros; nothing leaks.
 *
 * @param make Builds a strategy of the given configuration, small.
 */
export function checkFusion(
  make: (config: FusionConfig & { rng: Rng }) => Fusion,
  {
    outputDim = 3,
    pair = false,
    weights = false,
    seesChanges = true,
    withoutGradient = /k_proj\.bias$/,
  }: FusionCheckOptions = {},
): void {
  const names = pair ? (['text', 'image'] as const) : (['text', 'image', 'audio'] as const);
  const dims = Object.fromEntries(names.map((name) => [name, DIMS[name]]));
  const samples = () => {
    const inputs = sampleInputs();
    return Object.fromEntries(names.map((name) => [name, inputs[name]])) as Inputs;
  };
  const build = (changes: Partial<FusionConfig> = {}) => {
    const fusion = make({ modalities: dims, outputDim, rng: new Rng(3), ...changes });
    // Random values also where training starts from zeros and ones, so that no mistake hides.
    const rng = new Rng(5);
    for (const { value } of fusion.trainableParameters().values())
      value.assign(tf.tidy(() => tf.add(value, tf.tensor(rng.normalArray(value.size, 0, 0.2), value.shape))));
    return fusion;
  };
  const gradientsOf = (fusion: Fusion, inputs: Inputs) => {
    const { value, gradients } = valueAndGrad(() => {
      const { fused } = fusion.forward(inputs, { training: true, rng: new Rng(9) });
      const direction = tf.range(1, outputDim + 1); // not all alike: log-probabilities may sum to a constant
      return tf.sum(tf.mul(tf.sin(fused), direction)) as tf.Scalar;
    }, fusion.namedParameters());
    value.dispose();
    return gradients;
  };

  describe.each(['cpu', 'onnx'])('as every strategy, on %s,', (engine) => {
    beforeAll(async () => {
      await tf.setBackend(engine);
    });

    it('gives a finite vector for each sample, of all modalities', () => {
      const fusion = build();
      const inputs = samples();
      const { fused, weights: shares } = fusion.forward(inputs);
      expect(fused.shape).toEqual([BATCH, outputDim]);
      expect(allFinite(fused)).toBe(true);
      expect(shares !== undefined).toBe(weights);
      for (const [name, input] of Object.entries(inputs)) {
        const features = tf.mul(input.features, -2) as tf.Tensor3D;
        const changed = fusion.forward({ ...inputs, [name]: { ...input, features } }).fused;
        expect(tf.max(tf.abs(tf.sub(changed, fused))).dataSync()[0], name).toBeGreaterThan(
          seesChanges ? 1e-4 : 0,
        );
      }
    });

    it('gives every parameter a gradient', () => {
      const fusion = build();
      const gradients = gradientsOf(fusion, samples());
      expect([...gradients.keys()].sort()).toEqual([...fusion.trainableParameters().keys()].sort());
      for (const [key, gradient] of gradients) {
        expect(allFinite(gradient), key).toBe(true);
        if (!withoutGradient.test(key))
          expect(tf.max(tf.abs(gradient)).dataSync()[0], key).toBeGreaterThan(1e-6);
      }
    });

    it('gives zeros for a sample with nothing, which changes no gradient', () => {
      const fusion = build();
      const inputs = samples();
      const withEmpty = mapInputs(inputs, ({ features, mask }) => ({
        features: tf.concat([features, tf.fill(rowOf(features), Number.NaN)]) as tf.Tensor3D,
        mask: tf.concat([mask!, tf.zeros(rowOf(mask!))]) as tf.Tensor2D,
      }));
      const output = fusion.forward(withEmpty);
      const expected = fusion.forward(inputs);
      expectClose(tf.slice(output.fused, BATCH), Array(outputDim).fill(0), { absolute: 0 });
      expectClose(tf.slice(output.fused, 0, BATCH), expected.fused, tolerance);
      if (output.weights)
        expectClose(tf.slice(output.weights, BATCH), Array(names.length).fill(0), { absolute: 0 });
      const gradients = gradientsOf(fusion, withEmpty);
      for (const [key, gradient] of gradientsOf(fusion, inputs))
        expectClose(gradients.get(key)!, gradient, { absolute: 1e-4, relative: 1e-3 });
    });

    it('does not see what is masked, nor how much padding there is', () => {
      const fusion = build();
      const inputs = samples();
      const { text, image } = inputs;
      const padded = {
        ...inputs,
        text: {
          features: tf.concat([text.features, tf.fill([BATCH, 2, DIMS.text], Number.NaN)], 1) as tf.Tensor3D,
          mask: tf.concat([text.mask!, tf.zeros([BATCH, 2])], 1) as tf.Tensor2D,
        },
        image: {
          features: tf.where(
            tf.cast(tf.expandDims(image.mask!, 2), 'bool'),
            image.features,
            99,
          ) as tf.Tensor3D,
          mask: image.mask,
        },
      };
      expectSame(fusion.forward(padded), fusion.forward(inputs));
    });

    it('treats each sample by itself', () => {
      const fusion = build();
      const inputs = samples();
      const all = fusion.forward(inputs);
      for (let i = 0; i < BATCH; i++) {
        const one = mapInputs(inputs, ({ features, mask }) => ({
          features: tf.slice(features, i, 1) as tf.Tensor3D,
          mask: tf.slice(mask!, i, 1) as tf.Tensor2D,
        }));
        expectClose(fusion.forward(one).fused, tf.slice(all.fused, i, 1), tolerance);
      }
    });

    it('does without any of the modalities, and with any one alone', () => {
      const fusion = build();
      const inputs = samples();
      for (const left of [
        ...names.map((name) => names.filter((n) => n !== name)),
        ...names.map((n) => [n]),
      ]) {
        const given = Object.fromEntries(left.map((name) => [name, inputs[name]]));
        const output = fusion.forward(given);
        expect(allFinite(output.fused), left.join()).toBe(true);
        const masked = mapInputs(inputs, (input, name) =>
          left.includes(name) ? input : { ...input, mask: tf.zerosLike(input.mask!) as tf.Tensor2D },
        );
        expectSame(output, fusion.forward(masked));
      }
    });

    it('takes a sequence of no length as missing', () => {
      const fusion = build();
      for (const name of ['text', 'image'] as const) {
        const inputs = samples();
        const without = { ...inputs, [name]: undefined };
        const empty = { ...inputs, [name]: { features: tf.zeros([BATCH, 0, DIMS[name]]) } } as Inputs;
        expectSame(fusion.forward(empty), fusion.forward(without));
        for (const [key, gradient] of gradientsOf(fusion, empty)) expect(allFinite(gradient), key).toBe(true);
      }
    });

    if (weights)
      it('shares 1 out among the modalities that are there', () => {
        const { weights: shares } = build().forward(samples());
        expect(shares!.shape).toEqual([BATCH, names.length]);
        expectClose(tf.sum(shares!, 1), Array(BATCH).fill(1), tolerance);
        const rows = shares!.arraySync();
        for (const [i, row] of rows.entries())
          for (const [j, share] of row.entries())
            if ((i === 2 && j === 1) || (i === 3 && j === 2)) expect(share).toBe(0);
            else expect(share).toBeGreaterThan(0);
      });

    it('takes modalities away in training', () => {
      const fusion = build({ modalityDropout: 0.5 });
      const inputs = samples();
      const train = () => fusion.forward(inputs, { training: true, rng: new Rng(2) }).fused;
      expect(allFinite(train())).toBe(true);
      expectClose(train(), train(), { absolute: 0, relative: 0 });
    });

    it('leaves no tensor behind', () => {
      const fusion = build();
      const inputs = samples();
      expectNoLeak(() => tf.dispose(fusion.forward(inputs) as never));
      expectNoLeak(() => tf.dispose([...gradientsOf(fusion, inputs).values()]));
    });
  });
}

const allFinite = (x: tf.Tensor) => x.dataSync().every((value) => Number.isFinite(value));

/** The shape of one sample. */
const rowOf = (x: tf.Tensor): never => [1, ...x.shape.slice(1)] as never;

function mapInputs(inputs: Inputs, f: (input: ModalityInput, name: keyof Inputs) => ModalityInput): Inputs {
  const entries = Object.entries(inputs) as [keyof Inputs, ModalityInput][];
  return Object.fromEntries(entries.map(([name, input]) => [name, f(input, name)])) as Inputs;
}

function expectSame(actual: FusionOutput, expected: FusionOutput): void {
  expectClose(actual.fused, expected.fused, tolerance);
  if (expected.weights) expectClose(actual.weights!, expected.weights, tolerance);
}
