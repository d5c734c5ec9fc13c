"""One process of bench/tokenize.ts: microseconds a text in transformers' fast tokenizers, batched and one at a time.

tokenize_texts.py <clip|bert> <folder with texts and vocabularies> [file with our ids]
"""
import json
import resource
import statistics
import sys
import time

import transformers

kind, folder, *ids = sys.argv[1:]
texts = json.load(open(folder + 'texts.json'))
if kind == 'clip':
    merges = [tuple(line.split()) for line in open(folder + 'merges.txt').read().splitlines()[1:]]
    tokenizer = transformers.CLIPTokenizer(vocab=json.load(open(folder + 'vocab.json')), merges=merges)
else:
    vocab = open(folder + 'vocab.txt').read().splitlines()
    tokenizer = transformers.BertTokenizer(vocab={token: i for i, token in enumerate(vocab)})
tokenizer.save_pretrained(folder + kind)
for name in ('tokenizer.json', 'tokenizer_config.json'):
    open(f'{folder}{kind}-{name}', 'w').write(open(f'{folder}{kind}/{name}').read())
out = {}


def measure(f, warm_up=1, runs=5):
    for _ in range(warm_up):
        f()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return 1e6 * statistics.median(times) / len(texts)


options = dict(truncation=True, padding='max_length', max_length=77, return_tensors='np')
rust = tokenizer.backend_tokenizer
batches = [texts[i : i + 256] for i in range(0, len(texts), 256)]
batched = lambda: [tokenizer(batch, **options) for batch in batches]
out['first'] = measure(batched, warm_up=0, runs=1)
out['batched'] = measure(batched)
out['single'] = measure(lambda: [tokenizer(text, **options) for text in texts], runs=3)
if ids:
    ours = json.load(open(ids[0]))
    theirs = tokenizer(texts, truncation=True, max_length=77)['input_ids']
    out['different'] = sum(a != b for a, b in zip(ours, theirs, strict=True))
# The Rust library alone, told once to pad and cut; its results stay in Rust.
rust.enable_truncation(77)
rust.enable_padding(length=77)
out['rustBatched'] = measure(lambda: [rust.encode_batch_fast(batch) for batch in batches])
out['rustSingle'] = measure(lambda: [rust.encode(text) for text in texts])
out['megabytes'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(out))
