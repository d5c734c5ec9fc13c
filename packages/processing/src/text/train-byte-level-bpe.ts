import { ConfigError, DataError } from '../errors';
import { ByteLevelBPETokenizer, type RowTokens } from './byte-level-bpe-tokenizer';
import { ByteLevelVocabulary } from './byte-level-vocabulary';
import { byteLevelWords } from './byte-level-words';
import { checkSpecialTokens } from './check-special-tokens';
import { MergeLearner, MOST_IDS } from './merge-learner';

export interface TrainByteLevelBPEOptions extends RowTokens {
  /** Ids in all: special tokens, the 256 bytes, and what is learned. Fewer when the corpus has no more to give. */
  vocabSize: number;
  /** How often a pair must occur to be merged. Default 2. */
  minFrequency?: number;
  /** Tokens with the first ids, in this order; not looked for in texts. */
  specialTokens?: readonly string[];
  /** Called as merging begins, and then several times a second. */
  onProgress?: (progress: TrainByteLevelBPEProgress) => void;
  /** Ends the training early: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

export interface TrainByteLevelBPEProgress {
  stage: 'reading' | 'merging';
  /** Texts read, or ids made. */
  done: number;
  /** Ids to make; while reading, unknown. */
  total?: number;
}

/** Milliseconds of work between pauses, in which the page or process can do other things. */
const TIME_SLICE = 50;

/**
 * Learns a byte-level BPE vocabulary from texts, as GPT-2's: start from the 256 bytes and merge the most frequent
 * neighbours within words, again and again. The merges are those of the Rust library `tokenizers`
 * (`ByteLevelBPETokenizer().train_from_iterator`), and `tokenizer.toJSON()` is its `tokenizer.json`.
 *
 * @param corpus Texts; read once, none of it kept but its words and their counts.
 * @throws ConfigError for options that do not fit together; DataError when something in the corpus is not a string.
 *
 * @example
 * const tokenizer = await trainByteLevelBPE(captions, { vocabSize: 4096, specialTokens: ['<pad>', '<s>', '</s>'] });
 * await writeFile('tokenizer.json', JSON.stringify(tokenizer.toJSON()));
 *
 * Sennrich et al. 2016, algorithm 1 (https://arxiv.org/abs/1508.07909); Radford et al. 2019, section 2.2, for bytes.
 */
export async function trainByteLevelBPE(
  corpus: Iterable<string> | AsyncIterable<string>,
  options: TrainByteLevelBPEOptions,
): Promise<ByteLevelBPETokenizer> {
  const { vocabSize, minFrequency = 2, specialTokens = [], onProgress, signal, ...rowTokens } = options;
  checkSpecialTokens(specialTokens, rowTokens, 'trainByteLevelBPE');
  checkNumbers(vocabSize, minFrequency, specialTokens.length);
  let lastPause = performance.now();
  const pause = async (progress: TrainByteLevelBPEProgress) => {
    onProgress?.(progress);
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    lastPause = performance.now();
  };
  const pauseIsDue = () => performance.now() - lastPause > TIME_SLICE;
  signal?.throwIfAborted();

  const counts = new Map<string, number>();
  let texts = 0;
  for await (const text of corpus) {
    if (typeof text !== 'string') {
      throw new DataError(
        `trainByteLevelBPE: corpus: text ${texts}: expected a string, received ${typeof text}.`,
      );
    }
    for (const word of byteLevelWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    texts++;
    if (pauseIsDue()) await pause({ stage: 'reading', done: texts });
  }

  const vocabulary = new ByteLevelVocabulary(specialTokens);
  const byteIds = vocabulary.byteIds();
  const utf8 = new TextEncoder();
  const words = Array.from(counts.keys(), (word) => Array.from(utf8.encode(word), (byte) => byteIds[byte]!));
  const learner = new MergeLearner(words, [...counts.values()]);
  const merges: [number, number][] = [];
  await pause({ stage: 'merging', done: vocabulary.tokens.length, total: vocabSize });
  while (vocabulary.tokens.length < vocabSize) {
    const best = learner.next(minFrequency);
    if (!best) break;
    merges.push([best.left, best.right]);
    learner.merge(best, vocabulary.merge(best.left, best.right));
    if (pauseIsDue()) await pause({ stage: 'merging', done: vocabulary.tokens.length, total: vocabSize });
  }
  return new ByteLevelBPETokenizer({ specialTokens: [...specialTokens], merges, ...rowTokens });
}

function checkNumbers(vocabSize: number, minFrequency: number, specialTokens: number): void {
  const where = 'trainByteLevelBPE';
  const least = 256 + specialTokens;
  if (!Number.isSafeInteger(vocabSize) || vocabSize < least || vocabSize > MOST_IDS) {
    throw new ConfigError(
      `${where}: vocabSize: expected an integer from ${least} (256 bytes and ${specialTokens} special tokens) ` +
        `to ${MOST_IDS}, received ${vocabSize}.`,
    );
  }
  if (!Number.isSafeInteger(minFrequency) || minFrequency < 0) {
    throw new ConfigError(`${where}: minFrequency: expected an integer from 0, received ${minFrequency}.`);
  }
}
