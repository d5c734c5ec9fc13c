import {
  CheckpointError,
  hostTensorFromValues,
  hostTensorValues,
  parseSafetensors,
  serializeSafetensors,
} from '@crossmodal/core';
import { type NearRow, nearestRows } from './nearest-rows';

/** A picture as it is kept: what the model makes of it, its name, and a small picture of it. */
export interface IndexedPicture {
  name: string;
  /** Tells pictures of one name apart. */
  stamp: string;
  /** [dim], of unit length. */
  feature: Float32Array;
  /** A WebP or PNG file. */
  thumbnail: Uint8Array<ArrayBuffer>;
}

const FORMAT = 'crossmodal-picture-index';
const VERSION = '1';

/** Pictures that can be searched, and as one file. */
export class PictureIndex {
  private readonly names: string[] = [];
  private readonly stamps: string[] = [];
  private readonly known = new Set<string>();
  private readonly thumbnails: Uint8Array<ArrayBuffer>[] = [];
  private rows = new Float32Array(0);
  private thumbnailBytes = 0;

  /** @param model Which model made the features: those of another cannot be compared with its words. */
  constructor(
    readonly model: string,
    readonly dim: number,
  ) {}

  get size(): number {
    return this.names.length;
  }

  /** Of the file, about. */
  get bytes(): number {
    return this.size * this.dim * 4 + this.thumbnailBytes;
  }

  add({ name, stamp, feature, thumbnail }: IndexedPicture): void {
    const used = this.size * this.dim;
    if (used + this.dim > this.rows.length) {
      const larger = new Float32Array(Math.max(64 * this.dim, 2 * used));
      larger.set(this.rows.subarray(0, used));
      this.rows = larger;
    }
    this.rows.set(feature, used);
    this.names.push(name);
    this.stamps.push(stamp);
    this.known.add(keyOf(name, stamp));
    this.thumbnails.push(thumbnail);
    this.thumbnailBytes += thumbnail.length;
  }

  has(name: string, stamp: string): boolean {
    return this.known.has(keyOf(name, stamp));
  }

  name(row: number): string {
    return this.names[row]!;
  }

  thumbnail(row: number): Uint8Array<ArrayBuffer> {
    return this.thumbnails[row]!;
  }

  /** [dim]; a copy. */
  feature(row: number): Float32Array {
    return this.rows.slice(row * this.dim, (row + 1) * this.dim);
  }

  /** @param query [dim], of unit length. */
  search(query: Float32Array, count: number): NearRow[] {
    return nearestRows(query, this.rows.subarray(0, this.size * this.dim), count);
  }

  /** One safetensors file. */
  toBytes(): Uint8Array {
    const { size, dim } = this;
    const thumbnails = new Uint8Array(this.thumbnailBytes);
    const ends = new Int32Array(size);
    let at = 0;
    for (const [row, bytes] of this.thumbnails.entries()) {
      thumbnails.set(bytes, at);
      at += bytes.length;
      ends[row] = at;
    }
    return serializeSafetensors(
      {
        features: hostTensorFromValues(this.rows.slice(0, size * dim), [size, dim], 'F32'),
        thumbnail_ends: hostTensorFromValues(ends, [size], 'I32'),
        thumbnails: { dtype: 'U8', shape: [at], bytes: thumbnails },
      },
      {
        format: FORMAT,
        version: VERSION,
        model: this.model,
        names: JSON.stringify(this.names),
        stamps: JSON.stringify(this.stamps),
      },
    );
  }

  /**
   * @returns Undefined for an index of another model or version.
   * @throws CheckpointError when the file is damaged.
   */
  static fromBytes(bytes: Uint8Array, model: string, dim: number): PictureIndex | undefined {
    const { tensors, metadata } = parseSafetensors(bytes, 'pictures');
    if (metadata['format'] !== FORMAT || metadata['version'] !== VERSION || metadata['model'] !== model)
      return undefined;
    const names = readTexts(metadata['names']);
    const stamps = readTexts(metadata['stamps']);
    const { features, thumbnail_ends: ends, thumbnails } = tensors;
    const isWhole =
      names &&
      stamps?.length === names.length &&
      String(features?.shape) === `${names.length},${dim}` &&
      features?.dtype === 'F32' &&
      String(ends?.shape) === `${names.length}` &&
      ends?.dtype === 'I32' &&
      thumbnails?.dtype === 'U8';
    if (!isWhole) throw damaged();
    const index = new PictureIndex(model, dim);
    const values = hostTensorValues(features, 'float32');
    let start = 0;
    for (const [row, end] of hostTensorValues(ends, 'int32').entries()) {
      if (end < start || end > thumbnails.bytes.length) throw damaged();
      index.add({
        name: names[row]!,
        stamp: stamps[row]!,
        feature: values.subarray(row * dim, (row + 1) * dim),
        thumbnail: thumbnails.bytes.slice(start, end),
      });
      start = end;
    }
    return index;
  }
}

const damaged = () =>
  new CheckpointError('PictureIndex: the file is damaged: its parts do not belong together.');

const keyOf = (name: string, stamp: string) => `${name}\n${stamp}`;

function readTexts(json: string | undefined): string[] | undefined {
  try {
    const texts: unknown = JSON.parse(json ?? '');
    return Array.isArray(texts) && texts.every((text) => typeof text === 'string') ? texts : undefined;
  } catch {
    return undefined;
  }
}
