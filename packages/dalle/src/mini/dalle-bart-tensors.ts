import {
  CheckpointError,
  formatShape,
  type HostTensor,
  type TensorReader,
  tensorReader,
} from '@crossmodal/core';
import { convertTensors, type TensorRule } from '@crossmodal/hub';

/** Layers as flax stacks them; its names for what is in one, and ours. */
const STACK = /^model\.(encoder|decoder)\.layers\.FlaxBart(?:Encoder|Decoder)Layers\.(.*)$/;
const RENAMED: readonly (readonly [string, string])[] = [
  ['GLU_0.LayerNorm_', 'glu.ln'],
  ['GLU_0.Dense_', 'glu.fc'],
  ['FlaxBartAttention_0.', 'self_attn.'],
  ['FlaxBartAttention_1.', 'encoder_attn.'],
  ['LayerNorm_0.', 'pre_self_attn_layer_norm.'],
  ['LayerNorm_1.', 'self_attn_layer_norm.'],
  ['LayerNorm_2.', 'pre_encoder_attn_layer_norm.'],
  ['LayerNorm_3.', 'encoder_attn_layer_norm.'],
];
/** Flax has matrices as [in, out]. */
const TRANSPOSED: readonly TensorRule[] = [
  ...['q_proj', 'k_proj', 'v_proj', 'out_proj', 'fc0', 'fc1', 'fc2', 'lm_head'],
].map((name) => ({ file: `${name}.weight`, module: [`${name}.weight`], transpose: true }));

/** A tensor of the file, or a layer's part of one. */
interface Place extends Pick<HostTensor, 'dtype' | 'shape'> {
  file: string;
  layer?: { index: number; count: number };
}

/**
 * A published DALL-E mini (`flax_model.msgpack`) as {@link DALLEBart} takes it; files that it wrote itself pass
 * through. Stacked layers are held in memory until all of them have been read.
 *
 * @throws CheckpointError when what should be a stack of layers is none.
 * @example
 * await model.loadTensors(dalleBartTensors(await openFlaxCheckpoint(source)));
 */
export function dalleBartTensors(reader: TensorReader): TensorReader {
  if (!reader.keys().some((key) => STACK.test(key))) return reader;
  return convertTensors(unstacked(reader), TRANSPOSED);
}

function unstacked(reader: TensorReader): TensorReader {
  const places = new Map<string, Place>();
  for (const file of reader.keys()) {
    const { dtype, shape } = reader.info(file);
    const [, side, inLayer] = STACK.exec(file) ?? [];
    if (side === undefined || inLayer === undefined) {
      places.set(weightName(file.replace(/^model\./, '')), { dtype, shape, file });
      continue;
    }
    const [count, ...rest] = shape;
    if (count === undefined)
      throw new CheckpointError(
        `dalleBartTensors: ${file}: expected a layer a row, received shape ${formatShape([...shape])}.`,
      );
    const [from, to] = RENAMED.find(([from]) => inLayer.startsWith(from)) ?? ['', ''];
    const name = weightName(to + inLayer.slice(from.length));
    for (let index = 0; index < count; index++)
      places.set(`${side}.layers.${index}.${name}`, { dtype, shape: rest, file, layer: { index, count } });
  }

  // Stacks of which some layers have been read, so that each is read once.
  const held = new Map<string, { bytes: Uint8Array; left: number }>();
  return tensorReader('dalleBartTensors', { ...reader.metadata }, places, async ({ file, layer }) => {
    if (!layer) return (await reader.tensor(file)).bytes;
    const { index, count } = layer;
    const stack = held.get(file) ?? { bytes: (await reader.tensor(file)).bytes, left: count };
    stack.left--;
    if (stack.left > 0) held.set(file, stack);
    else held.delete(file);
    const size = stack.bytes.byteLength / count;
    return stack.bytes.subarray(index * size, (index + 1) * size);
  });
}

/** Flax's last names are of the kind of weight. */
function weightName(key: string): string {
  return key.replace(/\.(kernel|scale|embedding)$/, '.weight');
}
