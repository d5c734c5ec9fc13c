"""Golden vocabularies for trainByteLevelBPE, learned by the Rust library `tokenizers`: writes byte_level_bpe.json."""

import json
import random
from pathlib import Path

import tokenizers
from tokenizers import ByteLevelBPETokenizer, processors

from hard_texts import HARD_TEXTS, random_texts

here = Path(__file__).parent
rng = random.Random(5)


def few_letters(letters: str, count: int) -> list[str]:
    return ["".join(rng.choice(letters) for _ in range(rng.randint(1, 30))) for _ in range(count)]


# Few letters make many ties, and the same text from different halves; "aa" and "ab" are special and learned too.
runs = [
    {"corpus": [t for t in HARD_TEXTS if len(t) < 100], "vocabSize": 420, "minFrequency": 2, "specialTokens": []},
    {"corpus": few_letters("ab", 20), "vocabSize": 330, "minFrequency": 0, "specialTokens": ["<s>", "aa", "ab"]},
    {"corpus": few_letters("abc de", 30), "vocabSize": 400, "minFrequency": 3, "specialTokens": ["<pad>", "<s>", "</s>"],
     "bosToken": "<s>", "eosToken": "</s>", "padToken": "<pad>"},
]
for run in runs:
    specials = run["specialTokens"]
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(
        run["corpus"], vocab_size=run["vocabSize"], min_frequency=run["minFrequency"], special_tokens=specials,
        show_progress=False)
    if "bosToken" in run:
        tokenizer._tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> $B </s>",
            special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("<s>", "</s>")])
    run["tokenizerJson"] = json.loads(tokenizer.to_str())
    texts = [t for t in HARD_TEXTS[:34] + random_texts(20, seed=7) if not any(s in t for s in specials)]
    run["cases"] = [{"text": t, "ids": tokenizer.encode(t, add_special_tokens=False).ids} for t in texts]

out = {"versions": {"tokenizers": tokenizers.__version__}, "runs": runs}
(here / "byte_level_bpe.json").write_text(json.dumps(out, ensure_ascii=True, separators=(",", ":")) + "\n")
print(f"byte_level_bpe.json: {len(runs)} vocabularies, tokenizers {tokenizers.__version__}")
