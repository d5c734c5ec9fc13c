import { ConfigError } from '../errors';
import { bytesInOrder } from './byte-characters';
import { type BytePairFiles, parseBytePairFiles } from './byte-pair-files';
import { BytePairModel } from './byte-pair-model';
import { clipWords } from './clip-words';
import { assertContextLength, assertTokenId, asTexts, padRows } from './pad-rows';
import type { Tokenized, TokenizeOptions, Tokenizer } from './tokenizer';

export interface CLIPTokenizerOptions {
  /** What fills a row after its end. Default 0, as OpenAI's; Hugging Face's CLIP checkpoints use 49407, the end. */
  padTokenId?: number;
}

const START = '<|startoftext|>';
const END = '<|endoftext|>';

/**
 * CLIP's tokenizer: lower-cased byte-pair encoding with 49,408 ids, the same ids as OpenAI's
 * `simple_tokenizer.py` gives. Two differences, both on purpose: `ftfy` (which mends mojibake and normalises to
 * NFC) is left out, and a typed `<|endoftext|>` is text like any other. SigLIP has another tokenizer: use
 * {@link loadTokenizer}. Safe to share; holds a bounded cache of words.
 *
 * @example
 * const tokenizer = await CLIPTokenizer.load();
 * const { inputIds, attentionMask, shape } = tokenizer.tokenize(['a photo of a cat', 'a dog']); // shape [2, 77]
 * tokenizer.encode('a photo of a cat'); // [320, 1125, 539, 320, 2368]
 *
 * Radford et al. 2021, section 2.4 (https://arxiv.org/abs/2103.00020).
 */
export class CLIPTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly padTokenId: number;
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  readonly contextLength = 77;
  readonly padding = 'contextLength';

  private constructor(
    private readonly model: BytePairModel,
    bosTokenId: number,
    eosTokenId: number,
    { padTokenId = 0 }: CLIPTokenizerOptions,
  ) {
    if (!Number.isInteger(padTokenId) || padTokenId < 0 || padTokenId >= model.vocabSize) {
      throw new ConfigError(
        `CLIPTokenizer: padTokenId: expected an id from 0 to ${model.vocabSize - 1}, received ${padTokenId}.`,
      );
    }
    this.vocabSize = model.vocabSize;
    this.padTokenId = padTokenId;
    this.bosTokenId = bosTokenId;
    this.eosTokenId = eosTokenId;
  }

  /** The tokenizer of OpenAI's CLIP; the vocabulary (260 kB) is a chunk of its own, loaded here, from no network. */
  static async load(options: CLIPTokenizerOptions = {}): Promise<CLIPTokenizer> {
    const { clipMerges } = await import('./clip-merges');
    const packed = atob(clipMerges);
    const pairs = Int32Array.from(
      { length: packed.length / 2 },
      (_, i) => packed.charCodeAt(2 * i) + 256 * packed.charCodeAt(2 * i + 1),
    );
    const byteIds = new Int32Array(256);
    bytesInOrder.forEach((byte, id) => {
      byteIds[byte] = id;
    });
    const merges = pairs.length / 2;
    const model = new BytePairModel({
      vocabSize: 512 + merges + 2,
      byteIds,
      wordEndByteIds: byteIds.map((id) => id + 256),
      pairs,
      mergedIds: Int32Array.from({ length: merges }, (_, rank) => 512 + rank),
    });
    return new CLIPTokenizer(model, 512 + merges, 512 + merges + 1, options);
  }

  /**
   * A tokenizer of CLIP's kind from the contents of Hugging Face's `vocab.json` and `merges.txt`.
   *
   * @throws DataError when the files are damaged, cut short or do not belong together.
   */
  static fromFiles(files: BytePairFiles, options: CLIPTokenizerOptions = {}): CLIPTokenizer {
    const where = 'CLIPTokenizer.fromFiles';
    const { model, specialTokenIds } = parseBytePairFiles(files, {
      wordEnd: '</w>',
      specialTokens: [START, END],
      where,
    });
    return new CLIPTokenizer(model, specialTokenIds[0]!, specialTokenIds[1]!, options);
  }

  /** The ids of a text, without start and end. */
  encode(text: string): number[] {
    const ids: number[] = [];
    this.model.encodeWords(clipWords(text), ids);
    return ids;
  }

  /**
   * Texts as rows: start, text, end, padding. A longer text is cut so that its row still ends with the end token.
   *
   * @param options `contextLength` 77 and `padding` 'contextLength' unless told otherwise.
   * @throws DataError when a text is not a string; ConfigError for a `contextLength` below 3.
   */
  tokenize(
    texts: string | readonly string[],
    { contextLength = this.contextLength, padding = this.padding }: TokenizeOptions = {},
  ): Tokenized {
    assertContextLength(contextLength, 2, 'CLIPTokenizer.tokenize');
    const rows = asTexts(texts, 'CLIPTokenizer.tokenize').map((text) => {
      const row = [this.bosTokenId];
      // A word is one id or more.
      this.model.encodeWords(clipWords(text, contextLength - 2), row, contextLength - 1);
      row.push(this.eosTokenId);
      return row;
    });
    return padRows(rows, this.padTokenId, padding === 'longest' ? undefined : contextLength);
  }

  /**
   * The text of ids, its words (as CLIP splits them) with a space between; start tokens are left out, and the
   * first end token with all after it, which is padding.
   *
   * @throws DataError for a number that is no id of this vocabulary.
   */
  decode(ids: ArrayLike<number>): string {
    const text: number[] = [];
    for (let i = 0; i < ids.length && ids[i] !== this.eosTokenId; i++) {
      assertTokenId(ids[i]!, this.vocabSize, `CLIPTokenizer.decode: ids[${i}]`);
      if (ids[i] !== this.bosTokenId) text.push(ids[i]!);
    }
    const decoded = this.model.decode(text, 'CLIPTokenizer.decode');
    // The spaces that words end in. Not by trimEnd, which takes a byte order mark (U+FEFF) for a space.
    let end = decoded.length;
    while (end > 0 && decoded[end - 1] === ' ') end--;
    return decoded.slice(0, end);
  }
}
