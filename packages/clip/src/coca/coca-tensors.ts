import type { CheckpointKeys, StateDict, TensorReader } from '@crossmodal/core';
import { convertTensors, restoreTensors, type TensorRule } from '@crossmodal/hub';

// open_clip's weights. Names are the modules' own, by their tables; these rules turn and cut.

const PARTS = ['q_proj', 'k_proj', 'v_proj'];

const RULES: readonly TensorRule[] = [
  ...['weight', 'bias'].map((kind) => ({
    file: `attn.in_proj_${kind}`,
    module: PARTS.map((name) => `attn.${name}.${kind}`),
  })),
  { file: 'visual.proj', module: ['visual.proj.weight'], transpose: true },
  { file: 'text_projection', module: ['text_projection.weight'], transpose: true },
];

/** PyTorch packs no matrices of queries and keys whose sources differ in size, as the pooler's. */
const SEPARATE: readonly TensorRule[] = [
  ...PARTS.map((name) => ({
    file: `attn_pool.attn.${name}_weight`,
    module: [`attn_pool.attn.${name}.weight`],
  })),
  ...RULES,
];

/** Weights of open_clip's file as {@link CoCa} takes them. */
export function cocaTensors(reader: TensorReader): TensorReader {
  return convertTensors(reader, SEPARATE);
}

/** The weights of a {@link CoCa} as open_clip's file has them. */
export function openCLIPState(state: StateDict): StateDict {
  const [size, sourceSize] = state['visual.attn_pool.attn.k_proj.weight']?.shape ?? [];
  return restoreTensors(state, size === sourceSize ? RULES : SEPARATE);
}

/** open_clip's names of the transformer blocks in a list, by ours. */
export function blockKeys(ours: string, theirs: string): CheckpointKeys {
  const names = {
    layer_norm1: 'ln_1',
    layer_norm1_source: 'ln_1_kv',
    self_attn: 'attn',
    cross_attn: 'attn',
    layer_norm2: 'ln_2',
    'mlp.fc1': 'mlp.c_fc',
    'mlp.fc2': 'mlp.c_proj',
  };
  return Object.fromEntries(
    Object.entries(names).map(([name, published]) => [`${ours}.*.${name}`, `${theirs}.*.${published}`]),
  );
}
