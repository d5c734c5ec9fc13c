import { DataError } from '../errors';
import { byteCharacters, bytesInOrder } from './byte-characters';

/** Tokens and their ids: special tokens first, then the 256 bytes, then what was merged. */
export class ByteLevelVocabulary {
  /** By id; bytes are written as characters. */
  readonly tokens: string[];
  readonly ids: Map<string, number>;

  constructor(specialTokens: readonly string[]) {
    this.tokens = [...specialTokens, ...bytesInOrder.map((byte) => byteCharacters[byte]!)];
    this.ids = new Map(this.tokens.map((token, id) => [token, id]));
  }

  /** The id of two tokens joined: the next one, or that of the same text from other halves. */
  merge(left: number, right: number): number {
    if (this.tokens[left] === undefined || this.tokens[right] === undefined) {
      const known = this.tokens.length;
      throw new DataError(
        `ByteLevelBPETokenizer: merges: [${left}, ${right}]: expected ids below ${known}, which are known then.`,
      );
    }
    const token = this.tokens[left] + this.tokens[right];
    const known = this.ids.get(token);
    if (known !== undefined) return known;
    this.ids.set(token, this.tokens.length);
    return this.tokens.push(token) - 1;
  }

  /** The id of each byte, [256]. */
  byteIds(): number[] {
    return byteCharacters.map((character) => this.ids.get(character)!);
  }
}
