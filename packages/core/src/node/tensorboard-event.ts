// The few fields of TensorFlow's event.proto and summary.proto that a scalar takes, in protobuf's wire format:
//   Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
//   Summary { repeated Value value = 1; }  Value { string tag = 1; float simple_value = 2; }

/** The event that a file must start with. */
export function encodeVersionEvent(wallTime: number): Uint8Array {
  return concat([double(1, wallTime), bytes(3, new TextEncoder().encode('brain.Event:2'))]);
}

/** Scalars of one step, by tag. */
export function encodeScalarsEvent(
  wallTime: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytes(1, concat([bytes(1, new TextEncoder().encode(tag)), float(2, value)])),
  );
  return concat([double(1, wallTime), concat([key(2, 0), varint(step)]), bytes(5, concat(values))]);
}

function key(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType);
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Uint8Array.of(...out, rest);
}

function double(field: number, value: number): Uint8Array {
  const data = new DataView(new ArrayBuffer(8));
  data.setFloat64(0, value, true);
  return concat([key(field, 1), new Uint8Array(data.buffer)]);
}

function float(field: number, value: number): Uint8Array {
  const data = new DataView(new ArrayBuffer(4));
  data.setFloat32(0, value, true);
  return concat([key(field, 5), new Uint8Array(data.buffer)]);
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return concat([key(field, 2), varint(value.byteLength), value]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
