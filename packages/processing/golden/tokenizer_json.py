"""Golden files for loadTokenizer: three small `tokenizer.json` and the ids that the Rust library `tokenizers` gives.

Writes tokenizer_json.json.
"""

import json
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from hard_texts import HARD_TEXTS

here = Path(__file__).parent
english = [t for t in HARD_TEXTS if t.isascii()]
texts = [
    "", " ", "a photo of a cat", "A Photo of a CAT.", "  two  spaces ", "it's we're", "1234 3.14", "caf\u00e9 na\u00efve",
    "\u6211\u7231\u81ea\u7136", "\U0001f600 smile", "!!! ???", "tab\tand\nline", "the quick brown fox jumps over the lazy dog",
]

wordpiece = Tokenizer(models.WordPiece(
    {t: i for i, t in enumerate(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "the", "photo", "of", "cat", "caf", "##e", "##s", "quick", "brown", "fox",
         "jump", "over", "lazy", "dog", ".", "!", "?", "'", "it", "s", "we", "re", "\u6211", "\u7231", "tab", "and", "line"])},
    unk_token="[UNK]"))
wordpiece.normalizer = normalizers.BertNormalizer()
wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
wordpiece.decoder = decoders.WordPiece()
wordpiece.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
wordpiece.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])

byte_level = Tokenizer(models.BPE())
byte_level.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
byte_level.decoder = decoders.ByteLevel()
byte_level.train_from_iterator(english, trainers.BpeTrainer(
    vocab_size=340, special_tokens=["<s>", "</s>", "<pad>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False))
byte_level.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))

# Written out, because training one gives another vocabulary each time.
pieces = ["\u2581", "\u2581a", "\u2581the", "\u2581photo", "\u2581of", "\u2581cat", "\u2581quick", "\u2581brown", "\u2581fox", "s", "jump",
          "over", "la", "zy", "dog", "ph", "oto", "it", "'", "we", "re", ".", "!", "?", "!!!", "two", "sp", "ace", "1", "2", "12", "34"]
pieces += [c for c in "abcdefghijklmnopqrstuvwxyzAPCT3" if c not in pieces]
unigram = Tokenizer(models.Unigram(
    [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + [(p, -2.0 - (i * 7 % 11) / 2 - 1 / len(p)) for i, p in enumerate(pieces)],
    unk_id=2))
unigram.normalizer = normalizers.NFKC()
unigram.pre_tokenizer = pre_tokenizers.Metaspace()
unigram.decoder = decoders.Metaspace()
unigram.add_special_tokens(["<pad>", "</s>", "<unk>"])
unigram.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])

files = []
for name, tokenizer, config, typed in [
    ("WordPiece", wordpiece, {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": {"content": "[SEP]"}}, "a [SEP] cat"),
    ("byte-level BPE", byte_level, {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>"}, "a</s>cat"),
    ("Unigram", unigram, {"pad_token": "<pad>", "eos_token": "</s>", "model_max_length": 8}, "a cat</s>"),
]:
    cases = []
    for text in [*texts, typed]:
        encoded = tokenizer.encode(text)
        tokenizer.enable_truncation(6)
        cut = tokenizer.encode(text).ids
        tokenizer.no_truncation()
        cases.append({
            "text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids, "row": encoded.ids, "cutTo6": cut,
            "decoded": tokenizer.decode(encoded.ids)})
    files.append({"name": name, "tokenizer": json.loads(tokenizer.to_str()), "config": config, "cases": cases})

out = {"versions": {"tokenizers": tokenizers.__version__}, "files": files}
(here / "tokenizer_json.json").write_text(json.dumps(out, ensure_ascii=True, separators=(",", ":")) + "\n")
print(f"tokenizer_json.json: {len(files)} files, {len(texts) + 1} texts each, tokenizers {tokenizers.__version__}")
