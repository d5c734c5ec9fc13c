import {
  ConfigError,
  DataError,
  ImageProcessor,
  loadTokenizerFiles,
  type TokenizeOptions,
  type Tokenizer,
  type TokenizerFiles,
  tokenizerFileNames,
} from '@crossmodal/processing';
import type { ModelFiles } from './model-files';
import { readBytes, readJson } from './read-json';

/** What turns images and texts into a model's inputs. */
export interface Processor {
  /** Absent where the files say of no images. */
  imageProcessor?: ImageProcessor;
  /** Absent where the files say of no texts. */
  tokenizer?: Tokenizer;
  /** The files that say so, as they are, by name: a saved model goes with them. */
  files: Readonly<Record<string, Uint8Array>>;
}

interface Family {
  /** What `transformers` calls its processor. */
  processorClass: string;
  /** How its model takes texts; `contextLength` where the files say nothing. */
  text: TokenizeOptions;
  /** The most ids that it was trained with, where its files say more. */
  most?: number;
}

/** By `model_type`. */
const families: Readonly<Record<string, Family>> = {
  clip: { processorClass: 'CLIPProcessor', text: { contextLength: 77 } },
  siglip: { processorClass: 'SiglipProcessor', text: { contextLength: 64, padding: 'contextLength' } },
  siglip2: { processorClass: 'Siglip2Processor', text: { contextLength: 64, padding: 'contextLength' } },
  chinese_clip: { processorClass: 'ChineseCLIPProcessor', text: { contextLength: 52 }, most: 52 },
  align: {
    processorClass: 'AlignProcessor',
    text: { contextLength: 64, padding: 'contextLength' },
    most: 64,
  },
};

const imageFileNames = ['processor_config.json', 'preprocessor_config.json'] as const;
const passedOn = [...imageFileNames, ...tokenizerFileNames, 'chat_template.jinja', 'chat_template.json'];

/**
 * The image processor and the tokenizer of a published model: from `preprocessor_config.json` or (as `transformers` 5
 * writes it) within `processor_config.json`, and from `tokenizer.json` or the files that older repositories have.
 *
 * The tokenizer cuts texts to what the model can take, by `tokenizer_config.json` and `config.json`, and pads as the
 * family's own processor: SigLIP's and ALIGN's rows all have 64 ids; others are as long as the longest of a call.
 *
 * @throws CheckpointError, DataError or ConfigError when a file is damaged, or says what we cannot follow exactly; it
 *   names the file and the key.
 * @example
 * const { imageProcessor, tokenizer } = await loadProcessor(await openPretrained('google/siglip-base-patch16-224'));
 * const { data, shape } = await imageProcessor!.process('cat.jpg');
 * const { inputIds } = tokenizer!.tokenize(['a photo of a cat']); // shape [1, 64]
 */
export async function loadProcessor(files: ModelFiles): Promise<Processor> {
  const names = new Set(await files.list());
  const json = async (name: string) => (names.has(name) ? readJson(files, name) : undefined);
  const [config, processorConfig, preprocessorConfig, tokenizerConfig] = [
    await json('config.json'),
    await json('processor_config.json'),
    await json('preprocessor_config.json'),
    await json('tokenizer_config.json'),
  ];
  const content: Record<string, Uint8Array> = {};
  for (const name of passedOn) if (names.has(name)) content[name] = await readBytes(files, name);
  const processor: Processor = { files: content };

  const nested = processorConfig?.['image_processor'];
  const imageConfig = nested ?? preprocessorConfig;
  if (imageConfig !== undefined) {
    const file = nested === undefined ? 'preprocessor_config.json' : 'processor_config.json: image_processor';
    processor.imageProcessor = naming(`${files.name}/${file}`, () => ImageProcessor.fromConfig(imageConfig));
  }

  const has = (...wanted: string[]) => wanted.every((name) => names.has(name));
  if (has('tokenizer.json') || has('vocab.txt') || has('vocab.json', 'merges.txt') || has('spiece.model')) {
    const named = [processorConfig, preprocessorConfig, tokenizerConfig].map((c) => c?.['processor_class']);
    const modelType =
      config?.['model_type'] ??
      Object.keys(families).find((type) => named.includes(families[type]!.processorClass));
    const options = {
      ...(typeof modelType === 'string' && { modelType }),
      ...textOptions(families[modelType as string], config, tokenizerConfig),
    };
    processor.tokenizer = naming(files.name, () => loadTokenizerFiles(content as TokenizerFiles, options));
  }
  return processor;
}

type Json = Readonly<Record<string, unknown>>;

/** The least of what the tokenizer, the model's positions and the family allow. */
function textOptions(
  family: Family | undefined,
  config: Json | undefined,
  tokenizerConfig: Json | undefined,
): TokenizeOptions {
  const text = (config?.['text_config'] ?? config) as Json | undefined;
  // Files without a limit say 10^30.
  const given = [
    tokenizerConfig?.['model_max_length'],
    text?.['max_position_embeddings'] ?? text?.['n_positions'],
  ].filter((n): n is number => Number.isSafeInteger(n));
  if (family?.most !== undefined) given.push(family.most);
  const contextLength = given.length > 0 ? Math.min(...given) : family?.text.contextLength;
  return { ...family?.text, ...(contextLength !== undefined && { contextLength }) };
}

/** Runs `read`; its errors say where the file is. */
function naming<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `loadProcessor: ${where}: ${cause instanceof Error ? cause.message : String(cause)}`;
    if (cause instanceof ConfigError) throw new ConfigError(message, { cause });
    if (cause instanceof DataError) throw new DataError(message, { cause });
    throw cause;
  }
}
