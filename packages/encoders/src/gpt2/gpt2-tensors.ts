import type { StateDict, TensorReader } from '@crossmodal/core';
import { convertTensors, restoreTensors, type TensorRule } from '@crossmodal/hub';

/** Published files pack queries, keys and values, have every matrix as [in, out], and masks besides. */
const RULES: readonly TensorRule[] = [
  {
    file: 'attn.c_attn.weight',
    module: ['attn.q_proj.weight', 'attn.k_proj.weight', 'attn.v_proj.weight'],
    transpose: true,
  },
  { file: 'attn.c_attn.bias', module: ['attn.q_proj.bias', 'attn.k_proj.bias', 'attn.v_proj.bias'] },
  { file: 'attn.c_proj.weight', module: ['attn.c_proj.weight'], transpose: true },
  { file: 'mlp.c_fc.weight', module: ['mlp.c_fc.weight'], transpose: true },
  { file: 'mlp.c_proj.weight', module: ['mlp.c_proj.weight'], transpose: true },
  { file: 'attn.bias', module: [] },
  { file: 'attn.masked_bias', module: [] },
];

/**
 * A published GPT-2 file as {@link GPT2Model} and {@link GPT2LMHeadModel} take it.
 *
 * @throws CheckpointError when a tensor has not the shape of GPT-2's.
 * @example
 * await model.loadTensors(gpt2Tensors(await readSafetensorsFile('model.safetensors')));
 */
export function gpt2Tensors(reader: TensorReader): TensorReader {
  return convertTensors(reader, RULES);
}

/**
 * A GPT-2's weights as published files have them.
 *
 * @example
 * await saveSafetensorsFile('model.safetensors', gpt2StateDict(await model.stateDict()), { format: 'pt' });
 */
export function gpt2StateDict(state: StateDict): StateDict {
  return restoreTensors(state, RULES);
}
