"""Writes whole-path/<family>/ (a model with its processor's files, as published) and whole_path.safetensors: how well
transformers finds that photo.png goes with TEXTS, from the file and the words to the logits."""

import json
import shutil
import tempfile
from pathlib import Path

import sentencepiece
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from transformers import (
    BertTokenizer, ChineseCLIPConfig, ChineseCLIPModel, CLIPConfig, CLIPModel, CLIPTokenizer, SiglipConfig, SiglipModel,
    SiglipTokenizer,
)
from transformers.convert_slow_tokenizer import import_protobuf
from transformers.models.chinese_clip.image_processing_pil_chinese_clip import ChineseCLIPImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

torch.set_num_threads(1)
HERE = Path(__file__).parent
OUT = HERE / "whole-path"
TEXTS = ["a photo of a cat", "a dog, quick!", "\u4e00\u53ea\u732b"]
CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
ALL = {"do_resize": True, "do_rescale": True, "do_normalize": True, "rescale_factor": 1 / 255, "resample": 3}
out = {}

shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir()
seed, data = 7, []
for _ in range(31 * 23 * 3):
    seed = (seed * 1664525 + 1013904223) % 2**32
    data.append(seed >> 24)
photo = Image.frombytes("RGB", (31, 23), bytes(data))
photo.save(OUT / "photo.png")


def randomise(model, number):
    generator = torch.Generator().manual_seed(number)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if name not in ("logit_scale", "logit_bias"):
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.copy_((1 if parameter.ndim == 1 and "weight" in name else 0) + 0.3 * noise)
    return model.eval()


def write(family, model, files, binary):
    folder = OUT / family
    folder.mkdir(exist_ok=True)
    config = {k: v for k, v in model.config.to_dict().items() if k not in ("transformers_version", "dtype")}
    for name, content in {"config.json": config, **files}.items():
        text = content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        (folder / name).write_text(text)
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    if binary:
        torch.save(state, folder / "pytorch_model.bin")
    else:
        save_file(state, folder / "model.safetensors", {"format": "pt"})
    return folder


def record(family, model, image_processor, tokenizer, **options):
    texts = tokenizer(TEXTS, return_tensors="pt", truncation=True, **options)
    if family == "siglip":  # whose processor gives no mask
        texts.pop("attention_mask", None)
    images = image_processor(photo, return_tensors="pt")
    with torch.no_grad():
        out[f"{family}.logits_per_image"] = model(**texts, **images).logits_per_image


VISION = dict(hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2, image_size=8, patch_size=4)

# CLIP, as OpenAI's repositories are: a pickle, and the tokenizer's old files.
letters = [chr(c) for c in range(33, 127)]
tokens = letters + [c + "</w>" for c in letters] + ["ca", "cat</w>", "<|startoftext|>", "<|endoftext|>"]
vocab, merges = {t: i for i, t in enumerate(tokens)}, [("c", "a"), ("ca", "t</w>")]
text = dict(
    vocab_size=len(tokens), hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
    max_position_embeddings=16, eos_token_id=2, bos_token_id=0, pad_token_id=1,
)
model = randomise(CLIPModel(CLIPConfig(text_config=text, vision_config=VISION, projection_dim=6)), 1)
steps = {**ALL, "size": {"shortest_edge": 9}, "crop_size": {"height": 8, "width": 8}, "do_center_crop": True, "image_mean": CLIP_MEAN, "image_std": CLIP_STD}
write("clip", model, {
    "preprocessor_config.json": {**steps, "feature_extractor_type": "CLIPFeatureExtractor"},
    "vocab.json": vocab, "merges.txt": "#version: 0.2\n" + "\n".join(" ".join(m) for m in merges) + "\n",
    "tokenizer_config.json": {"model_max_length": 16, "tokenizer_class": "CLIPTokenizer", "pad_token": "<|endoftext|>", "errors": "replace"},
}, binary=True)
record("clip", model, CLIPImageProcessorPil(**steps), CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=16), padding=True)

# Chinese-CLIP.
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "photo", "of", "cat", "dog", ",", "!", "quick", *"\u4e00\u53ea\u732b"]
text = dict(
    vocab_size=len(words), hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
    max_position_embeddings=64, pad_token_id=0,
)
model = randomise(ChineseCLIPModel(ChineseCLIPConfig(text_config=text, vision_config=VISION, projection_dim=6)), 2)
steps = {**ALL, "size": {"height": 8, "width": 8}, "do_center_crop": False, "image_mean": CLIP_MEAN, "image_std": CLIP_STD}
write("chinese-clip", model, {
    "preprocessor_config.json": {**steps, "feature_extractor_type": "ChineseCLIPFeatureExtractor"},
    "vocab.txt": "\n".join(words) + "\n",
}, binary=True)
tokenizer = BertTokenizer(vocab={t: i for i, t in enumerate(words)})
record("chinese-clip", model, ChineseCLIPImageProcessorPil(**steps), tokenizer, padding=True, max_length=52)

# SigLIP.
(OUT / "siglip").mkdir()
with tempfile.TemporaryDirectory() as temporary:
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a photo of a cat", "a dog quick", "the cat the fox", "a quick photo over a brown cat"] * 4),
        model_prefix=f"{temporary}/spiece", vocab_size=40, model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        hard_vocab_limit=False, num_threads=1, minloglevel=2, normalization_rule_name="identity")
    proto = import_protobuf().ModelProto.FromString((Path(temporary) / "spiece.model").read_bytes())
    proto.trainer_spec.ClearField("model_prefix")
    (OUT / "siglip" / "spiece.model").write_bytes(proto.SerializeToString())
tokenizer = SiglipTokenizer(str(OUT / "siglip" / "spiece.model"))
text = dict(
    vocab_size=len(tokenizer), hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
    max_position_embeddings=64, projection_size=12,
)
vision = {**VISION, "hidden_size": 12, "num_attention_heads": 3}
model = randomise(SiglipModel(SiglipConfig(text_config=text, vision_config=vision)), 3)
steps = {**ALL, "size": {"height": 8, "width": 8}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
write("siglip", model, {
    "preprocessor_config.json": {**steps, "image_processor_type": "SiglipImageProcessor"},
    "tokenizer_config.json": {
        "do_lower_case": True, "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>", "model_max_length": 64,
        "tokenizer_class": "SiglipTokenizer"},
    "special_tokens_map.json": {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"},
}, binary=False)
record("siglip", model, SiglipImageProcessorPil(**steps), tokenizer, padding="max_length")

save_file(
    {k: v.contiguous() for k, v in out.items()}, HERE / "whole_path.safetensors",
    metadata={"torch": torch.__version__, "transformers": transformers.__version__, "recipe": "whole_path.py", "texts": json.dumps(TEXTS)},
)
for file in [*OUT.rglob("*"), HERE / "whole_path.safetensors"]:
    if file.is_file():
        file.chmod(0o644)
