"""Golden ids for BertTokenizer from `transformers`' BertTokenizer: writes bert_tokenizer.json.

The vocabulary is made here: special tokens where Chinese BERT has them in spirit (not at 0 to 4), most characters of
the texts as words and as continuations, and pieces of English.
"""

import json
import random
import unicodedata
from pathlib import Path

import tokenizers
import transformers

from hard_texts import ALPHABET, HARD_TEXTS, random_texts

here = Path(__file__).parent
rng = random.Random(3)

characters = sorted({c for t in HARD_TEXTS + ALPHABET for v in (t, t.lower(), unicodedata.normalize("NFD", t.lower())) for c in v})
characters = [c for c in characters if not c.isspace() and unicodedata.category(c)[0] != "C"]
words = ["the", "photo", "cat", "quick", "brown", "fox", "super", "jump", "rock", "roll", "un", "an", "Photo", "CAT", "A"]
pieces = ["##s", "##ing", "##cali", "##frag", "##ed", "##tion", "##ab", "##aba", "##nd", "##aa", "##aaaa"]
vocab = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
vocab += [c for c in characters if rng.random() < 0.85]
vocab += ["##" + c for c in characters if rng.random() < 0.5 or c.isascii()]
vocab += words + pieces
vocab = list(dict.fromkeys(vocab))

# Typed special tokens are text for ours.
texts = [t for t in HARD_TEXTS + random_texts(120, seed=2) if "[MASK]" not in t]
ids_of = {t: i for i, t in enumerate(vocab)}
lower = transformers.BertTokenizer(vocab=ids_of)
cased = transformers.BertTokenizer(vocab=ids_of, do_lower_case=False)
decoded = [t for t in texts if t and len(t) < 100][:60]
# Theirs takes an empty second text for none at all; ours does not.
pairs = [(rng.choice(texts[:33]), rng.choice(texts[1:33]), rng.randint(4, 40)) for _ in range(60)]
pairs += [("a b c d", "e f g h", n) for n in range(4, 12)]


def row(text, pair, **options):
    out = lower(text, pair, return_token_type_ids=True, **options)
    return {"ids": out["input_ids"], "types": out["token_type_ids"]}


out = {
    "versions": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__},
    "vocab": vocab,
    "lower": [{"text": t, "ids": lower(t, add_special_tokens=False)["input_ids"]} for t in texts],
    "cased": [{"text": t, "ids": cased(t, add_special_tokens=False)["input_ids"]} for t in texts[:60]],
    "pairs": [
        {"text": a, "pair": b, "contextLength": n, **row(a, b, truncation="longest_first", max_length=n)} for a, b, n in pairs
    ],
    "decoded": [
        {"ids": (ids := lower(t)["input_ids"]), "text": lower.decode(ids, skip_special_tokens=True)} for t in decoded
    ],
}
(here / "bert_tokenizer.json").write_text(json.dumps(out, ensure_ascii=True, separators=(",", ":")) + "\n")
print(f"bert_tokenizer.json: {len(texts)} texts, {len(pairs)} pairs, {len(vocab)} tokens, transformers {transformers.__version__}")
