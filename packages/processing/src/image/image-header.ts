/** What a file's first bytes say it holds, before anything is decoded. */
export interface ImageHeader {
  format: 'png' | 'jpeg' | 'webp' | 'gif' | 'svg';
  /** As stored, before orientation; 0 when unknown (SVG, or a damaged file). */
  width: number;
  height: number;
  /** Whether a JPEG has four colours (cyan, magenta, yellow, black). */
  isCmyk?: boolean;
}

/** Reads format and size from a file's header; `undefined` when the bytes are no format we decode. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const unknown = { width: 0, height: 0 };
  if (startsWith(bytes, '\x89PNG\r\n\x1a\n')) return { format: 'png', ...(pngSize(view) ?? unknown) };
  if (startsWith(bytes, '\xff\xd8\xff')) return { format: 'jpeg', ...(jpegSize(view) ?? unknown) };
  if (startsWith(bytes, 'GIF87a') || startsWith(bytes, 'GIF89a'))
    return { format: 'gif', ...(gifSize(view) ?? unknown) };
  if (startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8)) {
    return { format: 'webp', ...(webpSize(bytes, view) ?? unknown) };
  }
  if (isSvg(bytes)) return { format: 'svg', ...unknown };
  return undefined;
}

type Size = Omit<ImageHeader, 'format'> | undefined;

function pngSize(view: DataView): Size {
  if (view.byteLength < 24 || view.getUint32(12) !== 0x49484452) return undefined; // IHDR
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function gifSize(view: DataView): Size {
  if (view.byteLength < 10) return undefined;
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** Walks the segments to the frame header (SOF0 to SOF15, less DHT, JPG and DAC, which share the range). */
function jpegSize(view: DataView): Size {
  let at = 2;
  while (at + 10 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // a fill byte
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2; // markers without a segment
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return {
        width: view.getUint16(at + 7),
        height: view.getUint16(at + 5),
        isCmyk: view.getUint8(at + 9) === 4,
      };
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  return undefined;
}

/** Simple lossy (VP8), lossless (VP8L) or extended (VP8X). */
function webpSize(bytes: Uint8Array, view: DataView): Size {
  if (view.byteLength < 30) return undefined;
  if (startsWith(bytes, 'VP8X', 12)) {
    return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
  }
  if (startsWith(bytes, 'VP8L', 12) && bytes[20] === 0x2f) {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  if (startsWith(bytes, 'VP8 ', 12) && startsWith(bytes, '\x9d\x01\x2a', 23)) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  return undefined;
}

function isSvg(bytes: Uint8Array): boolean {
  const start = new TextDecoder('utf-8').decode(bytes.subarray(0, 4096)).trimStart(); // drops a byte order mark
  return start.startsWith('<') && /<svg[\s>]/.test(start);
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}

function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
