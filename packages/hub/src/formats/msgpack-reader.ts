import { type ByteSource, CheckpointError } from '@crossmodal/core';
import { quote, readExactly, viewOf } from './read-exactly';

/** Enough for the training state of some ten thousand arrays. */
const MOST_VALUES = 500_000;
const MOST_DEPTH = 50;
const MOST_TEXT_BYTES = 10_000;
/** What is read at a time; values between large binary ones fit in. */
const WINDOW = 4096;

/** Where bytes lie in the source. */
export class MsgpackBytes {
  constructor(
    readonly offset: number,
    readonly length: number,
    /** The type of an extension; undefined for plain bytes. */
    readonly type?: number,
  ) {}
}

export type MsgpackValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | MsgpackBytes
  | MsgpackValue[]
  | Map<string, MsgpackValue>;

/**
 * Reads the MessagePack value that fills a range of a source: its structure, not the bytes of its binary values,
 * which stay where they are. Keys of maps are texts or integers, none twice.
 *
 * @throws CheckpointError naming what is wrong; no length is believed before it is compared with the range.
 */
export async function readMsgpack(
  source: ByteSource,
  start = 0,
  length = source.size - start,
): Promise<MsgpackValue> {
  const reader = new MsgpackReader(source, start, start + length);
  const value = await reader.value(0);
  reader.checkEnd();
  return value;
}

class MsgpackReader {
  private window: DataView = new DataView(new ArrayBuffer(0));
  private windowStart = 0;
  private values = 0;

  constructor(
    private readonly source: ByteSource,
    private at: number,
    private readonly end: number,
  ) {}

  async value(depth: number): Promise<MsgpackValue> {
    if (++this.values > MOST_VALUES) throw this.damaged(`has more than ${MOST_VALUES} values`);
    if (depth > MOST_DEPTH) throw this.damaged(`is nested more than ${MOST_DEPTH} deep`);
    const type = await this.unsigned(1);
    if (type <= 0x7f) return type;
    if (type <= 0x8f) return this.map(type & 0x0f, depth);
    if (type <= 0x9f) return this.array(type & 0x0f, depth);
    if (type <= 0xbf) return this.text(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.bytes(await this.unsigned(2 ** (type - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.extension(await this.unsigned(2 ** (type - 0xc7)));
      case 0xca:
        return (await this.view(4)).getFloat32(0);
      case 0xcb:
        return (await this.view(8)).getFloat64(0);
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.unsigned(2 ** (type - 0xcc));
      case 0xcf:
        return exact((await this.view(8)).getBigUint64(0));
      case 0xd0:
        return (await this.view(1)).getInt8(0);
      case 0xd1:
        return (await this.view(2)).getInt16(0);
      case 0xd2:
        return (await this.view(4)).getInt32(0);
      case 0xd3:
        return exact((await this.view(8)).getBigInt64(0));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.extension(2 ** (type - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(await this.unsigned(2 ** (type - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.array(await this.unsigned(2 ** (type - 0xdb)), depth);
      case 0xde:
      case 0xdf:
        return this.map(await this.unsigned(2 ** (type - 0xdd)), depth);
      default:
        throw this.damaged('there is no type 0xc1');
    }
  }

  checkEnd(): void {
    if (this.at !== this.end) throw this.damaged(`${this.end - this.at} bytes are left at the end`);
  }

  private async array(count: number, depth: number): Promise<MsgpackValue[]> {
    this.checkRoom(count);
    const array: MsgpackValue[] = [];
    for (let i = 0; i < count; i++) array.push(await this.value(depth + 1));
    return array;
  }

  private async map(count: number, depth: number): Promise<Map<string, MsgpackValue>> {
    this.checkRoom(2 * count);
    const map = new Map<string, MsgpackValue>();
    for (let i = 0; i < count; i++) {
      const key = await this.value(depth + 1);
      if (typeof key !== 'string' && !Number.isSafeInteger(key))
        throw this.damaged('a key is neither a text nor an integer');
      if (map.has(String(key))) throw this.damaged(`has the key ${quote(String(key))} twice`);
      map.set(String(key), await this.value(depth + 1));
    }
    return map;
  }

  private async text(length: number): Promise<string> {
    if (length > MOST_TEXT_BYTES) throw this.damaged(`a text of ${length} bytes is too long`);
    const { buffer, byteOffset } = await this.view(length);
    try {
      const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      return utf8.decode(new Uint8Array(buffer, byteOffset, length));
    } catch {
      throw this.damaged('has a text that is not UTF-8');
    }
  }

  private async extension(length: number): Promise<MsgpackBytes> {
    return this.bytes(length, (await this.view(1)).getInt8(0));
  }

  private bytes(length: number, type?: number): MsgpackBytes {
    this.checkRoom(length);
    const bytes = new MsgpackBytes(this.at, length, type);
    this.at += length;
    return bytes;
  }

  private async unsigned(bytes: number): Promise<number> {
    const view = await this.view(bytes);
    return bytes === 1 ? view.getUint8(0) : bytes === 2 ? view.getUint16(0) : view.getUint32(0);
  }

  /** The next bytes. */
  private async view(length: number): Promise<DataView> {
    this.checkRoom(length);
    if (this.at < this.windowStart || this.at + length > this.windowStart + this.window.byteLength) {
      const size = Math.min(Math.max(length, WINDOW), this.end - this.at);
      this.window = viewOf(await readExactly(this.source, this.at, size));
      this.windowStart = this.at;
    }
    const offset = this.window.byteOffset + this.at - this.windowStart;
    this.at += length;
    return new DataView(this.window.buffer, offset, length);
  }

  /** Every value takes a byte, so a number of values is no more than the bytes that are left. */
  private checkRoom(length: number): void {
    const room = this.end - this.at;
    if (length > room) throw this.damaged(`expected ${length} more bytes, found ${room}`);
  }

  private damaged(what: string): CheckpointError {
    return new CheckpointError(`${this.source.name}: msgpack, byte ${this.at}: ${what}.`);
  }
}

/** A number where it is one exactly. */
function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
