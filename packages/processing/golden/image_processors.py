"""Golden pixel values of the image processors of published families: writes image_processors.json and .safetensors.

Each `preprocessor_config.json` is written after that repository's, from knowledge of it: none was fetched and compared. `transformers`' Pillow backend and torchvision's preset run on images of
noise; `levels` says how far the torchvision backend, which AutoImageProcessor prefers, is from Pillow's on the same images
and on smooth ones, in 8-bit levels.
"""

import base64
import io
import json
import tempfile
from pathlib import Path

import numpy as np
import PIL
import torchvision
import transformers
from PIL import Image
from safetensors.numpy import save_file
from torchvision.transforms._presets import ImageClassification
from transformers import AutoImageProcessor

here = Path(__file__).parent
OPENAI = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
IMAGENET_MEAN, IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
ALL = {"do_resize": True, "do_rescale": True, "do_normalize": True, "rescale_factor": 1 / 255}

# Not fetched: see above. `SMALL` makes them small enough to store.
PUBLISHED = {
    "openai/clip-vit-base-patch32": {
        "crop_size": 224, "do_center_crop": True, "do_normalize": True, "do_resize": True,
        "feature_extractor_type": "CLIPFeatureExtractor", **OPENAI, "resample": 3, "size": 224},
    "OFA-Sys/chinese-clip-vit-base-patch16": {
        "crop_size": {"height": 224, "width": 224}, "do_center_crop": False, "do_convert_rgb": True, "do_normalize": True,
        "do_rescale": True, "do_resize": True, "feature_extractor_type": "ChineseCLIPFeatureExtractor",
        "image_processor_type": "ChineseCLIPImageProcessor", **OPENAI, "resample": 3, "rescale_factor": 1 / 255,
        "size": {"height": 224, "width": 224}},
    "google/siglip-base-patch16-224": {
        **ALL, "image_processor_type": "SiglipImageProcessor", **HALF, "processor_class": "SiglipProcessor", "resample": 3,
        "size": {"height": 224, "width": 224}},
    "google/vit-base-patch16-224": {
        **ALL, "image_processor_type": "ViTImageProcessor", **HALF, "resample": 2, "size": {"height": 224, "width": 224}},
    "old ViT": {
        "do_normalize": True, "do_resize": True, "feature_extractor_type": "ViTFeatureExtractor", **HALF, "resample": 2,
        "size": 224},
    "microsoft/resnet-50": {
        "crop_pct": 0.875, "do_normalize": True, "do_resize": True, "feature_extractor_type": "ConvNextFeatureExtractor",
        "image_mean": IMAGENET_MEAN, "image_std": IMAGENET_STD, "resample": 3, "size": 224},
    "facebook/convnext-base-384-22k-1k": {
        "crop_pct": 1.0, "do_normalize": True, "do_resize": True, "feature_extractor_type": "ConvNextFeatureExtractor",
        "image_mean": IMAGENET_MEAN, "image_std": IMAGENET_STD, "resample": 3, "size": 384},
    "kakaobrain/align-base": {
        "crop_size": {"height": 289, "width": 289}, "do_center_crop": True, "do_normalize": False, "do_rescale": True,
        "do_resize": True, "image_processor_type": "EfficientNetImageProcessor", **HALF, "include_top": False,
        "processor_class": "AlignProcessor", "resample": 2, "rescale_factor": 0.00784313725490196, "rescale_offset": True,
        "size": {"height": 346, "width": 346}},
    "google/efficientnet-b0": {
        "crop_size": {"height": 289, "width": 289}, "do_center_crop": False, "do_normalize": True, "do_rescale": True,
        "do_resize": True, "image_mean": IMAGENET_MEAN, "image_processor_type": "EfficientNetImageProcessor",
        "image_std": [0.47853944, 0.4732864, 0.47434163], "include_top": True, "resample": 0, "rescale_factor": 1 / 255,
        "rescale_offset": False, "size": {"height": 224, "width": 224}},
}
SMALL = {
    "openai/clip-vit-base-patch32": {"size": 14, "crop_size": 13},
    "OFA-Sys/chinese-clip-vit-base-patch16": {"size": {"height": 12, "width": 14}},
    "google/siglip-base-patch16-224": {"size": {"height": 14, "width": 12}},
    "google/vit-base-patch16-224": {"size": {"height": 13, "width": 12}},
    "old ViT": {"size": 13},
    "microsoft/resnet-50": {"size": 13, "crop_pct": 0.86},
    "kakaobrain/align-base": {"size": {"height": 17, "width": 16}, "crop_size": {"height": 13, "width": 15}},
    "google/efficientnet-b0": {"size": {"height": 12, "width": 13}},
}

def written(config):
    """What imageProcessorConfig writes: every step said, EfficientNet's offset and second division within mean and deviation."""
    ours = {"image_processor_type": (config.get("image_processor_type") or config["feature_extractor_type"]).replace(
        "FeatureExtractor", "ImageProcessor"), "do_convert_rgb": True, "resample": config["resample"], "do_rescale": True,
        "rescale_factor": config.get("rescale_factor", 1 / 255), "do_normalize": True, "image_mean": config["image_mean"],
        "image_std": config["image_std"], "do_resize": True}
    family = ours["image_processor_type"][: -len("ImageProcessor")]
    size = config["size"]
    if family == "ConvNext":
        return {**ours, "size": {"shortest_edge": size}, **({"crop_pct": config["crop_pct"]} if size < 384 else {})}
    if family == "EfficientNet":
        mean = config["image_mean"] if config["do_normalize"] else [0.0] * 3
        std = config["image_std"] if config["do_normalize"] else [1.0] * 3
        ours["image_mean"] = [m + config["rescale_offset"] for m in mean]
        ours["image_std"] = [s * (d if config["include_top"] else 1) for s, d in zip(std, config["image_std"])]
        ours |= {"rescale_offset": False, "include_top": False}
    if isinstance(size, int):
        size = {"shortest_edge": size} if family == "CLIP" else {"height": size, "width": size}
    ours |= {"size": size, "do_center_crop": config.get("do_center_crop", False)}
    if ours["do_center_crop"]:
        crop = config["crop_size"]
        ours["crop_size"] = {"height": crop, "width": crop} if isinstance(crop, int) else crop
    return ours

def lcg(seed):
    """Bytes of a linear congruential generator; the test has the same."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield seed >> 24

def noise(seed, width, height, mode):
    source = lcg(seed)
    return Image.frombytes(mode, (width, height), bytes(next(source) for _ in range(width * height * len(mode))))

def palette():
    picture = noise(7, 37, 26, "RGB").quantize(20)
    out = io.BytesIO()
    picture.save(out, "png", transparency=bytes([0, 120, 255, 30]))
    return out.getvalue()

PALETTE = palette()
IMAGES = {  # name: (what the test makes it from, picture)
    "portrait": ([1, 31, 45, 3], noise(1, 31, 45, "RGB")),
    "landscape": ([2, 70, 33, 3], noise(2, 70, 33, "RGB")),
    "tiny": ([3, 9, 7, 3], noise(3, 9, 7, "RGB")),
    "grey": ([4, 40, 40, 1], noise(4, 40, 40, "L")),
    "alpha": ([5, 33, 21, 4], noise(5, 33, 21, "RGBA")),
    "palette": (base64.b64encode(PALETTE).decode(), Image.open(io.BytesIO(PALETTE))),
}
SMOOTH = Image.fromarray(np.stack(np.meshgrid(
    128 + 120 * np.sin(np.arange(401) / 17), 128 + 120 * np.cos(np.arange(301) / 23)), -1).astype("u1")[..., [0, 1, 0]])

def load(config, backend="pil"):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "preprocessor_config.json").write_text(json.dumps(config))
        return AutoImageProcessor.from_pretrained(folder, backend=backend)

def run(processor, picture, kind="np"):
    values = processor(picture, do_convert_rgb=True, return_tensors=kind)["pixel_values"]
    return np.ascontiguousarray(np.asarray(values).transpose(0, 2, 3, 1).astype("<f4"))

arrays, families = {}, []
for name, config in PUBLISHED.items():
    ours = written(config)
    full, again, fast = load(config), load(ours), load(config, "torchvision")
    assert type(full) is type(again) and "Pil" not in type(fast).__name__
    levels = []
    for picture in (IMAGES["landscape"][1], SMOOTH):
        values = run(full, picture)
        assert np.allclose(values, run(again, picture), rtol=0, atol=1e-5), name
        off = np.abs(values - run(fast, picture, "pt")) * ours["image_std"] / ours["rescale_factor"]
        levels.append([round(float(off.max()), 3), round(float(off.mean()), 4)])
    sample = run(full, IMAGES["landscape"][1])
    arrays[f"{name}: full"] = sample.ravel()[::997].copy()
    small = {**config, **SMALL[name]} if name in SMALL else None
    if small:
        for image, (_, picture) in IMAGES.items():
            arrays[f"{name}: {image}"] = run(load(small), picture)
    families.append({"name": name, "config": config, "small": small, "written": ours, "shape": list(sample.shape),
                     "levels": {"noise": levels[0], "smooth": levels[1]}})
    print(f"{name}: torchvision backend off by (most, mean) {levels[0]} levels in noise, {levels[1]} in a smooth image")

preset = ImageClassification(crop_size=224)
arrays["torchvision: full"] = preset(IMAGES["landscape"][1]).permute(1, 2, 0).numpy().ravel()[::997].copy()
preset = ImageClassification(crop_size=13, resize_size=15)
for image in ("portrait", "landscape", "tiny"):
    arrays[f"torchvision: {image}"] = np.ascontiguousarray(preset(IMAGES[image][1]).permute(1, 2, 0).numpy())[None]

versions = {"transformers": transformers.__version__, "torchvision": torchvision.__version__, "pillow": PIL.__version__}
dump = lambda entries: "[\n" + ",\n".join(json.dumps(e, separators=(",", ":")) for e in entries) + "\n]"
images = [{"name": n, "from": source} for n, (source, _) in IMAGES.items()]
(here / "image_processors.json").write_text(
    f'{{"versions":{json.dumps(versions)},\n"families":{dump(families)},\n"images":{dump(images)}}}\n')
save_file(arrays, here / "image_processors.safetensors", metadata=versions)
