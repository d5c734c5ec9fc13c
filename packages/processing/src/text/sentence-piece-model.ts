import { DataError } from '../errors';

/** What a `spiece.model` says, as far as a tokenizer needs it. */
export interface SentencePieceModel {
  /** By id. */
  pieces: { piece: string; score: number; type: number }[];
  isUnigram: boolean;
  /** Whether characters are normalised (NFKC, or a like of it) first. */
  isNormalized: boolean;
}

/** How SentencePiece numbers the kinds of a piece. */
export const PIECE_UNKNOWN = 2;

/**
 * Reads a SentencePiece model: a protocol buffer of pieces (field 1), the trainer's settings (2) and the
 * normaliser's (3).
 *
 * @throws DataError when the bytes are none. `where` begins its text.
 */
export function readSentencePieceModel(bytes: Uint8Array, where: string): SentencePieceModel {
  const model: SentencePieceModel = { pieces: [], isUnigram: true, isNormalized: false };
  for (const { field, value: part } of fieldsOf(bytes, where)) {
    if (!(part instanceof Uint8Array)) continue;
    const fields = new Map([...fieldsOf(part, where)].map(({ field, value }) => [field, value]));
    if (field === 1) model.pieces.push(pieceOf(fields));
    else if (field === 2) model.isUnigram = (fields.get(3) ?? 1) === 1;
    else if (field === 3) model.isNormalized = bytesOf(fields.get(2)).length > 0;
  }
  if (model.pieces.length > 0) return model;
  throw new DataError(`${where}: has no pieces. Is it a SentencePiece model?`);
}

type Field = number | Uint8Array;

function pieceOf(fields: ReadonlyMap<number, Field>): SentencePieceModel['pieces'][number] {
  const score = bytesOf(fields.get(2));
  return {
    piece: new TextDecoder().decode(bytesOf(fields.get(1))),
    score: score.length === 4 ? new DataView(score.buffer, score.byteOffset).getFloat32(0, true) : 0,
    type: Number(fields.get(3) ?? 1),
  };
}

function bytesOf(value: Field | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

/** The fields of a protocol buffer: numbers, and the bytes of everything else. */
function* fieldsOf(bytes: Uint8Array, where: string): Generator<{ field: number; value: Field }> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new DataError(`${where}: is damaged at byte ${at}. Is the file cut short?`);
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) {
      yield { field, value: varint() };
      continue;
    }
    const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : Number.NaN;
    if (!(at + length <= bytes.length)) {
      throw new DataError(`${where}: is damaged at byte ${at}. Is the file cut short?`);
    }
    yield { field, value: bytes.subarray(at, at + length) };
    at += length;
  }
}
