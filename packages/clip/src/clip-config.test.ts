import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCLIPConfig, writeCLIPConfig } from './clip-config';
import * as presets from './presets';
import { IMAGENET_TEMPLATES, SIMPLE_TEMPLATES } from './templates';

const tiny = JSON.parse(
  readFileSync(new URL('../golden/tiny-clip/config.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, unknown>>;

describe('readCLIPConfig', () => {
  it("reads transformers' file", () => {
    const config = readCLIPConfig(tiny);
    expect(config.projectionDim).toBe(6);
    expect(config.textConfig).toEqual({
      vocabSize: 20,
      hiddenSize: 12,
      intermediateSize: 20,
      numHiddenLayers: 2,
      numAttentionHeads: 3,
      maxPositionEmbeddings: 7,
      hiddenAct: 'quick_gelu',
      layerNormEps: 1e-5,
      eosTokenId: 19,
    });
    expect(config.visionConfig.patchSize).toBe(3);
  });

  it('round-trips', () => {
    for (const { config } of Object.values(presets))
      expect(readCLIPConfig(writeCLIPConfig(config))).toEqual(config);
  });

  it("has transformers' defaults, and lets the old text_config_dict outrank text_config", () => {
    const config = readCLIPConfig({ text_config: { hidden_size: 8 }, text_config_dict: { hidden_size: 16 } });
    expect(config.textConfig).toMatchObject({ hiddenSize: 16, numHiddenLayers: 12, eosTokenId: 49407 });
    expect(readCLIPConfig({ vision_config: null, vision_config_dict: null }).visionConfig).toEqual(
      presets.clipViTB32.config.visionConfig,
    );
  });

  it('says what cannot be', () => {
    const read = (change: object) => () => readCLIPConfig({ ...tiny, ...change });
    expect(() => readCLIPConfig([])).toThrow('readCLIPConfig: the file: expected an object, received [].');
    expect(read({ model_type: 'bert' })).toThrow(
      'readCLIPConfig: model_type: expected "clip", received "bert".',
    );
    expect(read({ text_config: { hidden_size: '512' } })).toThrow(
      'readCLIPConfig: text_config.hidden_size: expected an integer of at least 1, received "512".',
    );
    expect(read({ vision_config: { hidden_act: 'swish' } })).toThrow(
      'readCLIPConfig: vision_config.hidden_act: expected one of quick_gelu, gelu, gelu_new, gelu_pytorch_tanh, relu, ' +
        'silu, received "swish".',
    );
    expect(read({ text_config: { num_attention_heads: 7 } })).toThrow(
      'readCLIPConfig: text_config.hidden_size: expected a multiple of num_attention_heads (7), received 512.',
    );
    expect(read({ text_config: { attention_dropout: 0.1 } })).toThrow(
      'readCLIPConfig: text_config.attention_dropout: expected 0, received 0.1. Set it to 0: it only bears on ' +
        'training, and ours has none.',
    );
    expect(read({ vision_config: { image_size: [224, 200] } })).toThrow(
      'readCLIPConfig: vision_config.image_size: expected an integer of at least 1, received [224,200].',
    );
  });
});

describe('presets', () => {
  it.each(Object.entries(presets))('%s has the parameters it says', (_, { config, parameterCount }) => {
    const { textConfig: t, visionConfig: v, projectionDim } = config;
    const block = (d: number, mlp: number) => 4 * (d * d + d) + (d * mlp + mlp) + (mlp * d + d) + 4 * d;
    const vision =
      v.hiddenSize * (1 + v.numChannels * v.patchSize ** 2 + (v.imageSize / v.patchSize) ** 2 + 1 + 4) +
      v.numHiddenLayers * block(v.hiddenSize, v.intermediateSize);
    const text =
      t.hiddenSize * (t.vocabSize + t.maxPositionEmbeddings + 2) +
      t.numHiddenLayers * block(t.hiddenSize, t.intermediateSize);
    expect(vision + text + projectionDim * (v.hiddenSize + t.hiddenSize) + 1).toBe(parameterCount);
  });
});

describe('templates', () => {
  it('are 80 different ones, and seven of them', () => {
    expect(new Set(IMAGENET_TEMPLATES).size).toBe(80);
    expect(SIMPLE_TEMPLATES).toHaveLength(7);
    for (const template of IMAGENET_TEMPLATES) expect(template.split('{}')).toHaveLength(2);
    for (const template of SIMPLE_TEMPLATES) expect(IMAGENET_TEMPLATES).toContain(template);
  });
});
