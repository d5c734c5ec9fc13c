import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCoCaConfig, writeCoCaConfig } from './coca-config';
import * as presets from './presets';

type Json = Record<string, Record<string, unknown>>;
const tiny = () => {
  const file = new URL('../../golden/tiny-coca/open_clip_config.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as { model_cfg: Json };
};

describe('readCoCaConfig', () => {
  const read = (change: (json: Json) => void) => () => {
    const json = tiny();
    change(json.model_cfg);
    return readCoCaConfig(json);
  };

  it('reads what it writes, and model_cfg alone', () => {
    for (const { config } of Object.values(presets))
      expect(readCoCaConfig(writeCoCaConfig(config))).toEqual(config);
    expect(readCoCaConfig(tiny().model_cfg)).toEqual(readCoCaConfig(tiny()));
  });

  it.each<[string, Parameters<typeof read>[0]]>([
    [
      'vision_cfg.attentional_pool: expected true, received "parallel". This kind of model is not known here.',
      (json) => Object.assign(json['vision_cfg']!, { attentional_pool: 'parallel' }),
    ],
    [
      'text_cfg.embed_cls: expected true, received false. This kind of model is not known here.',
      (json) => delete json['text_cfg']!['embed_cls'],
    ],
    [
      'vision_cfg.pool_type: expected tok, received "avg". This kind of model is not known here.',
      (json) => Object.assign(json['vision_cfg']!, { pool_type: 'avg' }),
    ],
    [
      'text_cfg.hf_model_name: expected none, received "roberta-base". This kind of model is not known here.',
      (json) => Object.assign(json['text_cfg']!, { hf_model_name: 'roberta-base' }),
    ],
    [
      'multimodal_cfg.ls_init_value: expected none, received 0.1. This kind of model is not known here.',
      (json) => Object.assign(json['multimodal_cfg']!, { ls_init_value: 0.1 }),
    ],
    [
      'vision_cfg.layers: expected an integer of at least 1, received [3,4].',
      (json) => Object.assign(json['vision_cfg']!, { layers: [3, 4] }),
    ],
    [
      'model_cfg.multimodal_cfg: expected an object, received undefined.',
      (json) => delete json['multimodal_cfg'],
    ],
  ])('refuses: %s', (message, change) => {
    expect(read(change)).toThrow(`readCoCaConfig: ${message}`);
  });
});

describe('presets', () => {
  it.each(Object.entries(presets))('%s has the parameters it says', (_, { config, parameterCount }) => {
    const { embedDim: e, visionCfg: v, textCfg: t, multimodalCfg: m } = config;
    const attention = (d: number, source = d) => 2 * (d * d + source * d) + 4 * d;
    const block = (d: number, ratio: number) => attention(d) + 2 * ratio * d * d + (ratio + 1) * d + 4 * d;
    const vision =
      v.width * (1 + 3 * v.patchSize ** 2 + (v.imageSize / v.patchSize) ** 2 + 1 + 2) +
      v.layers * block(v.width, v.mlpRatio) +
      (v.attnPoolerQueries * e + 2 * e + 2 * v.width + attention(e, v.width)) +
      (2 * e + e * e);
    const text =
      t.width * (t.vocabSize + 1 + t.contextLength + 1 + 2 + e) + t.layers * block(t.width, t.mlpRatio);
    const decoder = m.layers * (2 * block(m.width, 4) + 2 * m.width) + m.width * (2 + t.vocabSize);
    expect(vision + text + decoder + 1).toBe(parameterCount);
  });
});
