import { readBytes } from '../files/read-bytes';

/** A line without its end. */
export interface Line {
  /** Undefined when it is longer than allowed. */
  bytes: Uint8Array | undefined;
  start: number;
  /** Where the next one starts. */
  end: number;
}

/** The lines of a file (`.gz` too) from byte `from` on; of one longer than `maxLineBytes` nothing is kept. */
export async function* readLines(
  path: string,
  { from, maxLineBytes, maxBytes }: { from: number; maxLineBytes: number; maxBytes: number },
): AsyncGenerator<Line, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let start = from;
  const add = (part: Uint8Array) => {
    length += part.length;
    if (length <= maxLineBytes) parts.push(part);
    else parts = [];
  };
  const finish = (end: number): Line => {
    const line = { bytes: length <= maxLineBytes ? Buffer.concat(parts) : undefined, start, end };
    parts = [];
    length = 0;
    start = end;
    return line;
  };
  for await (const chunk of readBytes(path, { from, maxBytes })) {
    let at = 0;
    for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, at)) {
      add(chunk.subarray(at, newline));
      at = newline + 1;
      yield finish(start + length + 1);
    }
    add(chunk.subarray(at));
  }
  if (length > 0) yield finish(start + length);
}
