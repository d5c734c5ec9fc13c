import { ConfigError } from '@crossmodal/core';

/** Sees that the heads of a transformer's configuration, read from `config.json`, divide its width. */
export function checkHeads<T extends { hiddenSize: number; numAttentionHeads: number }>(
  config: T,
  caller: string,
  path: string,
): T {
  const { hiddenSize, numAttentionHeads } = config;
  if (hiddenSize % numAttentionHeads === 0) return config;
  throw new ConfigError(
    `${caller}: ${path}hidden_size: expected a multiple of num_attention_heads (${numAttentionHeads}), ` +
      `received ${hiddenSize}.`,
  );
}

/** {@link checkHeads}, and that there is no dropout of attention. */
export function checkBlocks<T extends { hiddenSize: number; numAttentionHeads: number }>(
  config: T,
  json: unknown,
  caller: string,
  path: string,
): T {
  const dropout = (json as Record<string, unknown>)['attention_dropout'] ?? 0;
  if (dropout !== 0) {
    throw new ConfigError(
      `${caller}: ${path}attention_dropout: expected 0, received ${JSON.stringify(dropout)}. Set it to 0: it only ` +
        'bears on training, and ours has none.',
    );
  }
  return checkHeads(config, caller, path);
}
