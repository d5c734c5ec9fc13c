import { BYTES_PER_ELEMENT, type HostTensor, type TensorReader, tensorReader } from '@crossmodal/core';

/** From a kernel of flax, [height, width, in, out], to PyTorch's weight, [out, in, height, width]. */
const KERNEL_AXES = [3, 2, 0, 1] as const;

/**
 * The weights of a flax VQGAN (dalle-mini's `flax_model.msgpack`) under taming-transformers' names and in PyTorch's
 * layout: `encoder.down_0.block_1.conv1.kernel` is `encoder.down.0.block.1.conv1.weight`. Nothing is read before it is
 * asked for.
 *
 * @param reader What `openFlaxCheckpoint` of `@crossmodal/hub` gives.
 * @example
 * await vqgan.loadTensors(flaxVQGANTensors(await openFlaxCheckpoint(file)));
 */
export function flaxVQGANTensors(reader: TensorReader): TensorReader {
  const entries = new Map(
    reader.keys().map((file) => {
      const { dtype, shape } = reader.info(file);
      const kernel = file.endsWith('.kernel') && shape.length === KERNEL_AXES.length;
      const turned = kernel ? KERNEL_AXES.map((axis) => shape[axis]!) : shape;
      return [torchKey(file), { dtype, shape: turned, file, kernel }] as const;
    }),
  );
  return tensorReader('flaxVQGANTensors', { ...reader.metadata }, entries, async ({ file, kernel }) => {
    const host = await reader.tensor(file);
    return kernel ? torchWeight(host) : host.bytes;
  });
}

/** Whether a file of weights is flax's. */
export function isFlaxVQGAN(reader: TensorReader): boolean {
  return reader.keys().some((key) => key.endsWith('quant_conv.kernel'));
}

function torchKey(key: string): string {
  return key
    .replace(/\.(down|up)_(\d+)\./, '.$1.$2.')
    .replace(/\.((?:down|up)\.\d+)\.(block|attn)_(\d+)\./, '.$1.$2.$3.')
    .replace(/\.(kernel|scale|embedding)$/, '.weight');
}

/** The bytes of a kernel in PyTorch's order. */
function torchWeight({ dtype, shape, bytes }: HostTensor): Uint8Array {
  const [height, width, inSize, outSize] = shape as readonly [number, number, number, number];
  const size = BYTES_PER_ELEMENT[dtype];
  const weight = new Uint8Array(bytes.byteLength);
  const places = height * width;
  for (let place = 0; place < places; place++) {
    for (let input = 0; input < inSize; input++) {
      for (let output = 0; output < outSize; output++) {
        const from = ((place * inSize + input) * outSize + output) * size;
        const to = ((output * inSize + input) * places + place) * size;
        for (let byte = 0; byte < size; byte++) weight[to + byte] = bytes[from + byte]!;
      }
    }
  }
  return weight;
}
