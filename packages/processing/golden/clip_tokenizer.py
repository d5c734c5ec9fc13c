"""Golden ids for CLIPTokenizer: writes clip_tokenizer.json.

The reference is the algorithm of OpenAI's `simple_tokenizer.py`, written out below as the paper's authors describe
it (merge all occurrences of the best pair until none is left) without ftfy and without special tokens in text.
Where neither HTML nor NFC comes in, `transformers`' CLIPTokenizer on the same vocabulary must say the same.
"""

import base64
import html
import json
import re
import struct
import unicodedata
from pathlib import Path

import regex
import tokenizers
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from hard_texts import HARD_TEXTS, random_texts

here = Path(__file__).parent

# The vocabulary, from the file that the library ships.
packed = re.search(r"'([A-Za-z0-9+/=]+)'", (here / "../src/text/clip-merges.ts").read_text())[1]
numbers = [n[0] for n in struct.iter_unpack("<H", base64.b64decode(packed))]
printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
character = {b: chr(b) for b in printable}
character |= {b: chr(256 + i) for i, b in enumerate(b for b in range(256) if b not in character)}
ordered = [character[b] for b in printable] + sorted(set(character.values()) - {character[b] for b in printable})
tokens = ordered + [c + "</w>" for c in ordered]
merges = []
for left, right in zip(numbers[::2], numbers[1::2]):
    merges.append((tokens[left], tokens[right]))
    tokens.append(tokens[left] + tokens[right])
tokens += ["<|startoftext|>", "<|endoftext|>"]
vocab = {token: i for i, token in enumerate(tokens)}
rank = {pair: i for i, pair in enumerate(merges)}
assert len(vocab) == 49408

WORDS = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", regex.IGNORECASE)


def encode(text: str) -> list[int]:
    text = html.unescape(html.unescape(text)).strip()
    text = regex.sub(r"\s+", " ", text).strip().lower()
    ids = []
    for word in WORDS.findall(text):
        symbols = [character[b] for b in word.encode("utf-8")]
        symbols[-1] += "</w>"
        while len(symbols) > 1:
            best = min(zip(symbols, symbols[1:]), key=lambda pair: rank.get(pair, len(rank)))
            if best not in rank:
                break
            joined, i = [], 0
            while i < len(symbols):
                if tuple(symbols[i : i + 2]) == best:
                    joined.append(symbols[i] + symbols[i + 1])
                    i += 2
                else:
                    joined.append(symbols[i])
                    i += 1
            symbols = joined
        ids += [vocab[s] for s in symbols]
    return ids


texts = HARD_TEXTS + random_texts(150, seed=1)
full = [{"text": t, "ids": encode(t)} for t in texts]

theirs = transformers.CLIPTokenizer(vocab=vocab, merges=merges)
compared = 0
for case in full:
    text = case["text"]
    plain = html.unescape(text) == text and unicodedata.is_normalized("NFC", text) and "<|" not in text
    # Theirs knows neither U+001C..1F as white space nor the long s in a contraction, and lowers a final sigma otherwise.
    if plain and not regex.search("[\x1c-\x1f\u017f\u03a3]", text) and not re.search("'(S|LL)", text):
        ids = theirs(text, add_special_tokens=False)["input_ids"]
        assert ids == case["ids"], (text, ids, case["ids"])
        compared += 1
assert compared > 60, compared

# A small vocabulary in Hugging Face's files, and what transformers' CLIPTokenizer makes of it.
trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
trained.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Split(tokenizers.Regex(r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"), "removed", invert=True),
     pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
trained.train_from_iterator(
    [t.lower() for t in HARD_TEXTS],
    trainers.BpeTrainer(vocab_size=500, end_of_word_suffix="</w>", show_progress=False, min_frequency=2))
learned = [tuple(m) for m in json.loads(trained.to_str())["model"]["merges"]]
small = {t: i for i, t in enumerate(["<|startoftext|>", "<|endoftext|>", *ordered, *(c + "</w>" for c in ordered)])}
kept = []
for left, right in learned:
    if left in small and right in small and left + right not in small:
        small[left + right] = len(small)
        kept.append((left, right))
kept = kept[:120]
small = {t: i for t, i in small.items() if i < 2 + 512 + len(kept)}
theirs = transformers.CLIPTokenizer(vocab=small, merges=kept)
small_texts = ["the quick brown fox", "a photo of a cat", "supercalifragilistic", "\u4e2d\u6587\u4e2d", "jumps, lazy! 42", ""]
small_cases = [
    {"text": t, "ids": theirs(t, truncation=True, max_length=12, padding="max_length")["input_ids"]} for t in small_texts
]

out = {
    "versions": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "regex": regex.__version__},
    "cases": full,
    "files": {
        "vocab": small,
        "merges": "#version: 0.2\n" + "\n".join(" ".join(m) for m in kept) + "\n",
        "contextLength": 12,
        "cases": small_cases,
    },
}
(here / "clip_tokenizer.json").write_text(json.dumps(out, ensure_ascii=True, separators=(",", ":")) + "\n")
print(f"clip_tokenizer.json: {len(full)} texts, {compared} of them checked against transformers {transformers.__version__}")
