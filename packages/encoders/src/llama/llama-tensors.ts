import type { TensorReader } from '@crossmodal/core';
import { convertTensors } from '@crossmodal/hub';

/** A published file as {@link LlamaForCausalLM} takes it: without the frequencies that early ones have in every layer. */
export function llamaTensors(reader: TensorReader): TensorReader {
  return convertTensors(reader, [{ file: 'self_attn.rotary_emb.inv_freq', module: [] }]);
}
