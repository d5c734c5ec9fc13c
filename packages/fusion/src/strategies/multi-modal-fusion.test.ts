import { Rng } from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion, sampleInputs } from '../testing/fusion-checks';
import { MultiModalFusion } from './multi-modal-fusion';

const sizes = { hiddenSize: 8, numHeads: 2, intermediateSize: 10 };

describe('MultiModalFusion', () => {
  it("equals PyTorch's attention, of all modalities from the same state", async () => {
    const config = { modalities: GOLDEN_MODALITIES, outputDim: 3, ...sizes, rng: new Rng(1) };
    await expectGoldenFusion('multi_modal_fusion', new MultiModalFusion(config));
  });

  it('shows where each modality looked, layer by layer', () => {
    const config = { modalities: GOLDEN_MODALITIES, outputDim: 3, ...sizes, rng: new Rng(1) };
    const fusion = new MultiModalFusion(config);
    const inputs = sampleInputs();
    const maps = fusion.attentionMaps(inputs);
    expect(maps).toHaveLength(2);
    for (const { text, image, audio } of maps) {
      expect([text!.shape, image!.shape, audio!.shape]).toEqual([
        [4, 2, 4, 3 + 1],
        [4, 2, 3, 4 + 1],
        [4, 2, 1, 4 + 3],
      ]);
      expectClose(tf.sum(audio!, 3), Array(4 * 2).fill(1));
      expectClose(tf.slice(text!, [2, 0, 0, 0], [1, 2, 4, 3]), Array(24).fill(0), { absolute: 0 }); // no image there
    }
    expectNoLeak(() => tf.dispose(fusion.attentionMaps(inputs)));
  });

  it('takes two modalities or more', () => {
    const config = { modalities: { text: 5 }, outputDim: 3, rng: new Rng(1) };
    expect(() => new MultiModalFusion(config)).toThrow(
      'MultiModalFusion: modalities: expected two or more, received text alone.',
    );
  });

  // A vector has but itself to attend to, whatever its query and key are.
  const withoutGradient = /k_proj\.bias$|audio\.self_attn\.(q|k)_proj/;
  checkFusion((config) => new MultiModalFusion({ ...config, ...sizes }), { withoutGradient });
});
