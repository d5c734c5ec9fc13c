/** A field of the uniforms of one of tfjs's programs: 1 to 6 numbers. */
export interface TfjsUniform {
  type: 'float32' | 'int32' | 'uint32';
  data: number[];
}

/**
 * The bytes of a uniform structure of tfjs's programs, by WGSL's rules of alignment: vectors of 2 at 8 bytes, of 3 and
 * 4 at 16; 5 and 6 numbers are a structure, padded to 16 bytes. A field without numbers holds a one.
 */
export function tfjsUniformBytes(fields: readonly TfjsUniform[]): ArrayBuffer {
  let end = 0;
  let widest = 4;
  const offsets = fields.map(({ data }) => {
    const length = Math.max(1, data.length);
    const alignment = length === 1 ? 4 : length === 2 ? 8 : 16;
    const offset = roundUp(end, alignment);
    widest = Math.max(widest, alignment);
    end = length > 4 ? roundUp(offset + 4 * length, 16) : offset + 4 * length;
    return offset;
  });
  const bytes = new DataView(new ArrayBuffer(roundUp(end, Math.max(16, widest))));
  for (const [i, { type, data }] of fields.entries()) {
    const numbers = data.length === 0 ? [1] : data;
    for (const [j, value] of numbers.entries()) {
      const at = offsets[i]! + 4 * j;
      if (type === 'float32') bytes.setFloat32(at, value, true);
      else if (type === 'int32') bytes.setInt32(at, value, true);
      else bytes.setUint32(at, value, true);
    }
  }
  return bytes.buffer;
}

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;
