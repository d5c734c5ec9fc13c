"""Golden ids of tokenizers from the files of published repositories, new and old: writes tokenizer_files.json.

Tiny vocabularies, each with the normaliser, word pattern and row of its family, in the files that the family's repositories
have; ids are those of `transformers`' own class reading the same folder. No published file was fetched: SigLIP's normaliser in
`tokenizer.json` in particular is written after what its Python class does.
"""

import base64
import gzip
import json
import tempfile
import unicodedata
from pathlib import Path

import open_clip
import sentencepiece
import tokenizers
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from transformers.convert_slow_tokenizer import import_protobuf

from hard_texts import HARD_TEXTS, random_texts

here = Path(__file__).parent
texts = [t for t in HARD_TEXTS if len(t) < 250] + random_texts(60, seed=11)
texts += ["a <|endoftext|> b", "a photo of [SEP] a cat", "the </s> end", "x<|im_start|>user\n", " ...Punctuation, (only)!"]
corpus = [t for t in HARD_TEXTS if len(t) < 150] + random_texts(100, seed=12)
ALPHABET = pre_tokenizers.ByteLevel.alphabet()


def learn(pre_tokenizer, normalizer=None, size=380):
    """A byte-pair vocabulary: ids by token, and merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=ALPHABET, show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], ["%s %s" % tuple(m) for m in model["merges"]]


def clip_pairs(size=400):
    """The first merges of OpenAI's own."""
    path = Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"
    merges = gzip.decompress(path.read_bytes()).decode().split("\n")[1 : size + 1]
    tokens = sorted(ALPHABET) + [b + "</w>" for b in sorted(ALPHABET)] + [m.replace(" ", "") for m in merges]
    return {t: i for i, t in enumerate(tokens)}, merges


def split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def pair_files(vocab, merges, *specials):
    for token in specials:
        vocab.setdefault(token, len(vocab))
    return {"vocab.json": json.dumps(vocab), "merges.txt": "#version: 0.2\n" + "\n".join(merges) + "\n"}


def sentence_piece():
    """A unigram model whose character map holds no more than these texts need: the whole of NFKC has 240 kB."""
    full = sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc")
    normal = lambda s: full.normalize("x" + s + "x").lstrip("\u2581").replace("\u2581", " ")[1:-1]
    rules = {c: normal(c) for t in texts for v in (t, t.lower()) for c in v}
    rules |= {t[i:i + 2]: unicodedata.normalize("NFC", t[i:i + 2]) for t in texts for i in range(len(t) - 1)
              if len(unicodedata.normalize("NFC", t[i:i + 2])) == 1}
    rules["\u2581"] = " "
    hexes = lambda s: " ".join(f"{ord(c):X}" for c in s)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rules.tsv"
        table.write_text("".join(f"{hexes(a)}\t{hexes(b)}\n" for a, b in sorted(rules.items()) if a != b and a != "\0"))
        lines = [t.lower() for t in corpus if "\0" not in t and "\u03a3" not in t]
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_prefix=f"{folder}/spiece", vocab_size=330, model_type="unigram", pad_id=0, eos_id=1,
            unk_id=2, bos_id=-1, hard_vocab_limit=False, num_threads=1, minloglevel=2, character_coverage=0.98,
            normalization_rule_tsv=str(table))
        proto = import_protobuf().ModelProto.FromString((Path(folder) / "spiece.model").read_bytes())
    for path in ("model_prefix", "normalization_rule_tsv"):
        proto.trainer_spec.ClearField(path) if hasattr(proto.trainer_spec, path) else None
    proto.normalizer_spec.normalization_rule_tsv = ""
    return proto.SerializeToString()


def siglip_json(model):
    """A `tokenizer.json` for SigLIP (see above), without the map of characters: the reader has its own."""
    proto = import_protobuf().ModelProto.FromString(model)
    tokenizer = Tokenizer(models.Unigram([(p.piece, p.score) for p in proto.pieces], unk_id=2))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Lowercase(), normalizers.Replace(Regex(r"[!\"\#\$%\&'\(\)\*\+,\-\./:;<=>\?@\[\\\]\^_`\{\|\}\~]"), ""),
        normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip(),
        normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([tokenizers.AddedToken(t, lstrip=True, rstrip=True) for t in ("</s>", "<unk>")])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return tokenizer


GPT2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
QWEN2 = split(r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""")
LLAMA3 = split(r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""")

letters = [chr(c) for c in range(33, 127)] + list("\u00e9\u00df\u4e2d\u6587\u6211\u7231\u3002\u0436\u03c3\u03c2\u2026\U00020000")
words = ["the", "photo", "cat", "quick", "brown", "fox", "##s", "##ing", "##tion", "##ed", "un", "jump", "super", "##cali", "rock"]
bert_vocab = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
bert_vocab = list(dict.fromkeys([*bert_vocab, *letters, *["##" + c for c in letters], *words]))
spiece = sentence_piece()
im_start, im_end = "<|im_start|>", "<|im_end|>"
gpt2, qwen2 = learn(GPT2), learn(QWEN2, normalizers.NFC())
llama3_vocab, llama3_merges = learn(LLAMA3)
llama3 = Tokenizer(models.BPE(vocab=llama3_vocab, merges=[tuple(m.split(" ")) for m in llama3_merges], ignore_merges=True))
llama3.pre_tokenizer, llama3.decoder = LLAMA3, decoders.ByteLevel()
llama3.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>"])
llama3.post_processor = processors.Sequence([
    processors.ByteLevel(trim_offsets=False),
    processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|> $B",
                                  special_tokens=[("<|begin_of_text|>", llama3.token_to_id("<|begin_of_text|>"))])])
qwen2_files = pair_files(*qwen2, "<|endoftext|>")
qwen2_size = len(json.loads(qwen2_files["vocab.json"]))
added = lambda content: {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}

REPOSITORIES = [  # name, class, model_type, files
    ("bert-base-uncased", transformers.BertTokenizer, "bert", {"vocab.txt": "\n".join(bert_vocab) + "\n"}),
    ("a cased BERT", transformers.BertTokenizer, None, {
        "vocab.txt": "\n".join(bert_vocab) + "\n", "tokenizer_config.json": json.dumps({"do_lower_case": False, "model_max_length": 512}),
        "special_tokens_map.json": json.dumps({"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]"})}),
    ("openai/clip-vit-base-patch32", transformers.CLIPTokenizer, "clip", {
        **pair_files(*clip_pairs(), "<|startoftext|>", "<|endoftext|>"), "tokenizer_config.json": json.dumps({
            "tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "bos_token": {"__type": "AddedToken", **added("<|startoftext|>")},
            "eos_token": {"__type": "AddedToken", **added("<|endoftext|>")}, "pad_token": "<|endoftext|>"})}),
    ("gpt2", transformers.GPT2Tokenizer, "gpt2", {
        **pair_files(*gpt2, "<|endoftext|>"), "tokenizer_config.json": '{"model_max_length": 1024}'}),
    ("Qwen/Qwen2-0.5B", transformers.Qwen2Tokenizer, "qwen2", {
        **qwen2_files, "tokenizer_config.json": json.dumps({
            "tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
            "unk_token": None, "additional_special_tokens": [im_start, im_end], "model_max_length": 32768, "add_prefix_space": False,
            "added_tokens_decoder": {
                str(qwen2_size - 1): added("<|endoftext|>"), str(qwen2_size): added(im_start), str(qwen2_size + 1): added(im_end)}})}),
    ("meta-llama/Meta-Llama-3-8B", transformers.PreTrainedTokenizerFast, "llama", {
        "tokenizer.json": llama3.to_str(), "tokenizer_config.json": json.dumps({
            "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"})}),
    ("google/siglip-base-patch16-224", transformers.PreTrainedTokenizerFast, "siglip", {
        "tokenizer.json": siglip_json(spiece).to_str(), "tokenizer_config.json": json.dumps({
            "tokenizer_class": "SiglipTokenizer", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>",
            "model_max_length": 64, "do_lower_case": True})}),
    ("a SigLIP without tokenizer.json", transformers.SiglipTokenizer, "siglip", {"spiece.model": spiece}),
]

out = []
for name, kind, model_type, files in REPOSITORIES:
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            (Path(folder) / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        tokenizer = kind.from_pretrained(folder)
    # Their sentencepiece and Rust libraries each treat accents that nothing composes in their own way, and ties of equal
    # scores; their Python class adds no space after a typed end.
    skip = ("\u0301", "\u0130", "\U0001f600" * 40, *(["</s>"] if "spiece.model" in files else [])) if model_type == "siglip" else ()
    ids = [None if any(s in t for s in skip) else tokenizer(t)["input_ids"] for t in texts]
    if "tokenizer.json" in files:
        tidy = json.loads(files["tokenizer.json"])
        for part in (tidy["normalizer"] or {}).get("normalizers", []):
            if part["type"] == "Precompiled":
                part["precompiled_charsmap"] = ""
        files = {**files, "tokenizer.json": json.dumps(tidy, separators=(",", ":"))}
    stored = {f: {"base64": base64.b64encode(c).decode()} if isinstance(c, bytes) else c for f, c in files.items()}
    tokens = {k: getattr(tokenizer, f"{k}_token_id") for k in ("pad", "bos", "eos", "cls", "sep")}
    out.append({"name": name, "modelType": model_type, "files": stored, "tokens": tokens, "length": len(tokenizer), "ids": ids})
    print(f"{name}: {len(tokenizer)} tokens, {sum(len(i or []) for i in ids)} ids")

versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "sentencepiece": sentencepiece.__version__}
(here / "tokenizer_files.json").write_text(
    json.dumps({"versions": versions, "texts": texts, "repositories": out}, ensure_ascii=True, separators=(",", ":")) + "\n")
