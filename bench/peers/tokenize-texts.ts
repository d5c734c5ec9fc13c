// One process of `bench/tokenize.ts`: microseconds a text, batched (the first time, and later) and one at a time.
// tokenize-texts.ts <clip|bert> <ours|transformers.js> [file for the ids]
import { readFileSync, writeFileSync } from 'node:fs';
import { BertTokenizer, CLIPTokenizer } from '@crossmodal/processing';
import { measure } from '../lib/measure';
import { importPeer } from '../lib/npm-peers';
import { textsFolder } from './texts';

type Tokenize = (texts: string | string[]) => unknown;

const [kind, whose, out] = process.argv.slice(2);
const read = (name: string) => readFileSync(textsFolder + name, 'utf8');
const texts = JSON.parse(read('texts.json')) as string[];
const tokenize = whose === 'ours' ? await ours() : await theirs();
const all = () => {
  for (let i = 0; i < texts.length; i += 256) tokenize(texts.slice(i, i + 256));
};
// The first time, no word is in a cache and no code compiled.
const start = performance.now();
all();
const first = performance.now() - start;
const batched = measure(all);
const single = measure(() => {
  for (const text of texts) tokenize(text);
});
const each = (milliseconds: number) => (1000 * milliseconds) / texts.length;
console.log(
  JSON.stringify({
    first: each(first),
    batched: each(batched.median),
    single: each(single.median),
    megabytes: process.resourceUsage().maxRSS / 1024,
  }),
);

async function ours(): Promise<Tokenize> {
  const options = { contextLength: 77, padding: 'contextLength' as const };
  const tokenizer =
    kind === 'clip' ? await CLIPTokenizer.load() : BertTokenizer.fromFiles({ vocab: read('vocab.txt') });
  if (out) {
    const { inputIds, attentionMask } = tokenizer.tokenize(texts, options);
    const rows = texts.map((_, i) => [...inputIds.subarray(77 * i, 77 * i + 77)]);
    writeFileSync(out, JSON.stringify(rows.map((row, i) => row.filter((_, k) => attentionMask[77 * i + k]))));
  }
  return (some) => tokenizer.tokenize(some, options);
}

/** The class that `AutoTokenizer` would load, with the files that the Python peer saved. */
async function theirs(): Promise<Tokenize> {
  const { PreTrainedTokenizer } = await importPeer<{
    PreTrainedTokenizer: new (json: unknown, config: unknown) => (texts: unknown, options: object) => unknown;
  }>('@huggingface/transformers');
  const tokenizer = new PreTrainedTokenizer(
    JSON.parse(read(`${kind}-tokenizer.json`)),
    JSON.parse(read(`${kind}-tokenizer_config.json`)),
  );
  return (some) => tokenizer(some, { padding: 'max_length', truncation: true, max_length: 77 });
}
