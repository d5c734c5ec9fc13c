import type { Module, Parameter } from '@crossmodal/core';

/** An encoder's parameters from input to output, by the encoder's checkpoint keys. */
export interface EncoderLayers {
  /** What lies before the first layer. */
  embeddings: Map<string, Parameter>;
  layers: Map<string, Parameter>[];
}

/** The layers of an encoder: those of its largest numbered list; an encoder without one has no layers. */
export function encoderLayers(encoder: Module): EncoderLayers {
  const named = [...encoder.namedParameters()].map(([key, parameter]) => {
    const [, list, number] = /^(.*?)\.(\d+)\./.exec(`.${key}`) ?? [];
    return { key, parameter, list, number: Number(number) };
  });
  const sizes = new Map<string, number>();
  for (const { list } of named) if (list !== undefined) sizes.set(list, (sizes.get(list) ?? 0) + 1);
  const [largest] = [...sizes].sort(([, a], [, b]) => b - a)[0] ?? [];
  const embeddings = new Map<string, Parameter>();
  const layers: Map<string, Parameter>[] = [];
  for (const { key, parameter, list, number } of named) {
    if (largest !== undefined && list === largest) {
      layers[number] ??= new Map();
      layers[number].set(key, parameter);
    } else if (layers.length === 0) embeddings.set(key, parameter);
  }
  return { embeddings: largest === undefined ? new Map() : embeddings, layers };
}
