import { ConfigError, type ParameterGroup } from '@crossmodal/core';
import { encoderLayers } from './encoder-layers';
import type { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';

const PREFIX = { text: 'text_encoder', image: 'vision_encoder', audio: 'audio_encoder' };

/**
 * Parameter groups by which fusion and classifier learn at a rate of their own, and lower layers of encoders slower:
 * layer i of n at decay^(n - i), embeddings at decay^(n + 1).
 */
export function learningRateGroups(
  model: MultimodalSentimentAnalyzer,
  { headScale, layerDecay }: { headScale: number; layerDecay: number },
): ParameterGroup[] {
  if (!(layerDecay > 0 && layerDecay <= 1))
    throw new ConfigError(`trainSentiment: layerDecay: expected (0, 1], received ${layerDecay}.`);
  const groups: ParameterGroup[] = [];
  const head = [...model.head.namedParameters().keys()].map((key) => key.split('.')[0]!);
  for (const match of new Set(head)) groups.push({ match, learningRateScale: headScale });
  if (layerDecay === 1) return groups;
  for (const [name, encoder] of Object.entries(model.encoders())) {
    const { embeddings, layers } = encoderLayers(encoder);
    for (const [i, keys] of [embeddings, ...layers].entries())
      for (const key of keys.keys())
        groups.push({
          match: `${PREFIX[name as keyof typeof PREFIX]}.${key}`,
          learningRateScale: layerDecay ** (layers.length + 1 - i),
        });
  }
  return groups;
}
