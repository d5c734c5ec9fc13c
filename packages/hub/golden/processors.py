"""Processors as `transformers` writes them, and what they make of texts and images: writes processors/, .json and .safetensors.

One folder each with the files of older repositories, written by this recipe, and as `transformers` 5 writes them, with tiny vocabularies and images.
"""

import gzip
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import open_clip
import PIL
import sentencepiece
import transformers
from PIL import Image
from safetensors.numpy import save_file
from tokenizers import pre_tokenizers
from transformers import AlignProcessor, BertTokenizer, ChineseCLIPProcessor, CLIPProcessor, CLIPTokenizer, SiglipProcessor, SiglipTokenizer
from transformers.convert_slow_tokenizer import import_protobuf
from transformers.models.chinese_clip.image_processing_pil_chinese_clip import ChineseCLIPImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.efficientnet.image_processing_pil_efficientnet import EfficientNetImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

here = Path(__file__).parent
folder = here / "processors"
TEXTS = ["a photo of a cat", "The quick brown fox, it's over there!", "\u6211\u7231\u4e00\u53ea\u732b", "", "the cat " * 60]
ALL = {"do_resize": True, "do_rescale": True, "do_normalize": True, "rescale_factor": 1 / 255}


def noise(seed, width, height, mode="RGB"):
    data = []
    for _ in range(width * height * len(mode)):
        seed = (seed * 1664525 + 1013904223) % 2**32
        data.append(seed >> 24)
    return Image.frombytes(mode, (width, height), bytes(data))


IMAGES = [[1, 23, 31, 3], [2, 40, 17, 4], [3, 6, 5, 1]]
pictures = [noise(s, w, h, {1: "L", 3: "RGB", 4: "RGBA"}[c]) for s, w, h, c in IMAGES]


def clip_tokenizer():
    merges = gzip.decompress((Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz").read_bytes()).decode().split("\n")[1:120]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = letters + [c + "</w>" for c in letters] + [m.replace(" ", "") for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    vocab = {t: i for i, t in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocab, merges=[tuple(m.split(" ")) for m in merges], model_max_length=77), vocab, merges


def bert_tokenizer(limit):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "the", "photo", "of", "cat", "quick", "fox", ",", "!", "'", "it", "s"]
    words += [*"\u6211\u7231\u4e00\u53ea\u732b", "over", "there", "b", "##r", "##o", "##w", "##n"]
    return BertTokenizer(vocab={t: i for i, t in enumerate(words)}, model_max_length=limit), words


def siglip_tokenizer():
    lines = ["a photo of a cat", "the quick brown fox its over there", "the cat the fox", "a quick photo over a brown cat"] * 4
    with tempfile.TemporaryDirectory() as temporary:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_prefix=f"{temporary}/spiece", vocab_size=60, model_type="unigram", pad_id=0, eos_id=1,
            unk_id=2, bos_id=-1, hard_vocab_limit=False, num_threads=1, minloglevel=2, normalization_rule_name="identity")
        path = Path(temporary) / "spiece.model"
        proto = import_protobuf().ModelProto.FromString(path.read_bytes())
        proto.trainer_spec.ClearField("model_prefix")
        path.write_bytes(proto.SerializeToString())
        (folder / "siglip").mkdir(parents=True)
        shutil.copy(path, folder / "siglip" / "spiece.model")
    return SiglipTokenizer(str(folder / "siglip" / "spiece.model"))


def write(name, files):
    for file, content in files.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / file).write_text(content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False) + "\n")


shutil.rmtree(folder, ignore_errors=True)
clip, clip_vocab, clip_merges = clip_tokenizer()
chinese, chinese_words = bert_tokenizer(512)
align, align_words = bert_tokenizer(64)
siglip = siglip_tokenizer()

CLIP_STEPS = {**ALL, "size": {"shortest_edge": 9}, "crop_size": {"height": 8, "width": 8}, "do_center_crop": True, "resample": 3}
CHINESE_STEPS = {**ALL, "size": {"height": 7, "width": 9}, "do_center_crop": False, "resample": 3}
SIGLIP_STEPS = {**ALL, "size": {"height": 8, "width": 6}, "resample": 3, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
ALIGN_STEPS = {
    "do_center_crop": True, "do_normalize": False, "do_rescale": True, "do_resize": True, "include_top": False, "resample": 2,
    "rescale_factor": 1 / 127.5, "rescale_offset": True, "size": {"height": 12, "width": 11}, "crop_size": {"height": 9, "width": 8}}
FAMILIES = {  # name: processor, how it is called, its model's config.json, image_processor_type, steps, old files
    "clip": (
        CLIPProcessor(CLIPImageProcessorPil(**CLIP_STEPS), clip), {"padding": True, "truncation": True},
        {"model_type": "clip", "text_config": {"max_position_embeddings": 77}, "vision_config": {}}, "CLIPFeatureExtractor", CLIP_STEPS, {
            "vocab.json": clip_vocab, "merges.txt": "#version: 0.2\n" + "\n".join(clip_merges) + "\n",
            "special_tokens_map.json": {
                "bos_token": {"content": "<|startoftext|>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": True},
                "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"},
            "tokenizer_config.json": {"errors": "replace", "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}}),
    "chinese-clip": (
        ChineseCLIPProcessor(ChineseCLIPImageProcessorPil(**CHINESE_STEPS), chinese),
        {"padding": True, "truncation": True, "max_length": 52},
        {"model_type": "chinese_clip", "text_config": {"max_position_embeddings": 512}, "vision_config": {}},
        "ChineseCLIPFeatureExtractor", CHINESE_STEPS, {"vocab.txt": "\n".join(chinese_words) + "\n"}),
    "siglip": (
        SiglipProcessor(SiglipImageProcessorPil(**SIGLIP_STEPS), siglip), {"padding": "max_length", "truncation": True},
        {"model_type": "siglip", "text_config": {}, "vision_config": {}}, "SiglipImageProcessor", SIGLIP_STEPS, {
            "special_tokens_map.json": {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"},
            "tokenizer_config.json": {
                "do_lower_case": True, "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>", "model_max_length": 64,
                "processor_class": "SiglipProcessor", "tokenizer_class": "SiglipTokenizer"}}),
    "align": (
        AlignProcessor(EfficientNetImageProcessorPil(**ALIGN_STEPS), align), {"truncation": True},
        {"model_type": "align", "text_config": {"max_position_embeddings": 512}, "vision_config": {}}, "EfficientNetImageProcessor",
        ALIGN_STEPS, {
            "vocab.txt": "\n".join(align_words) + "\n",
            "tokenizer_config.json": {"do_lower_case": True, "model_max_length": 64, "tokenizer_class": "BertTokenizer"}}),
}
arrays, out = {}, []
for name, (processor, options, config, image_type, steps, old) in FAMILIES.items():
    key = "feature_extractor_type" if image_type.endswith("Extractor") else "image_processor_type"
    write(name, {**old, "config.json": config, "preprocessor_config.json": {**steps, key: image_type}})
    processor.save_pretrained(folder / f"{name}-5")
    values = processor(text=TEXTS, images=pictures, return_tensors="np", do_convert_rgb=True, **options)
    arrays[f"{name}: pixel_values"] = np.ascontiguousarray(values["pixel_values"].transpose(0, 2, 3, 1).astype("<f4"))
    arrays[f"{name}: input_ids"] = values["input_ids"].astype("<i4")
    out.append({"name": name, "saved": sorted(p.name for p in (folder / f"{name}-5").iterdir())})
    print(name, {k: v.shape for k, v in values.items()}, out[-1]["saved"])
versions = {"transformers": transformers.__version__, "pillow": PIL.__version__, "sentencepiece": sentencepiece.__version__}
(here / "processors.json").write_text(
    json.dumps({"versions": versions, "texts": TEXTS, "images": IMAGES, "processors": out}, ensure_ascii=True, indent=1) + "\n")
save_file(arrays, here / "processors.safetensors", metadata=versions)
