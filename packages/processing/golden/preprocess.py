"""Writes preprocess.json: transformers' CLIP image processor (Pillow backend) and torchvision's centre crop."""

import hashlib
import json
from pathlib import Path

import numpy as np
import PIL
import transformers
from PIL import Image, ImageOps
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil


def lcg(seed):
    """Bytes of a linear congruential generator; the test has the same."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield seed >> 24


def image(seed, width, height, mode):
    source = lcg(seed)
    return Image.frombytes(mode, (width, height), bytes(next(source) for _ in range(width * height * len(mode))))


def sha(data):
    return hashlib.sha256(data).hexdigest()[:16]


CONFIGS = [
    {},
    {"size": {"shortest_edge": 24}, "crop_size": {"height": 20, "width": 24}},
    {"size": 24, "crop_size": 17, "resample": 2, "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.3]},
    {"size": {"height": 19, "width": 33}, "do_center_crop": False, "resample": 1},
    {"size": {"height": 19, "width": 33}, "do_center_crop": False, "do_normalize": False, "resample": 0},
    {"size": {"shortest_edge": 24}, "crop_size": {"height": 24, "width": 24}, "do_rescale": False, "image_mean": [100, 110, 120],
     "image_std": [50, 60, 70]},
    {"do_resize": False, "crop_size": {"height": 21, "width": 30}, "rescale_factor": 0.0078125},
]

processed = []
for config in CONFIGS:
    for seed, width, height, mode in ((1, 45, 67, "RGB"), (2, 90, 31, "RGB"), (3, 40, 40, "L")):
        if mode == "L" and config.get("do_resize") is False:
            continue
        picture = image(seed, width, height, mode)
        values = CLIPImageProcessorPil(**config)(picture.convert("RGB"), return_tensors="np")["pixel_values"]
        nhwc = np.ascontiguousarray(values.transpose(0, 2, 3, 1).astype("<f4"))
        entry = {"config": config, "seed": seed, "from": [width, height, len(mode)], "shape": list(nhwc.shape)}
        processed.append({**entry, "sha256": sha(nhwc.tobytes()), "first": [float(v) for v in nhwc.ravel()[:6]]})

crops = []
for seed, (width, height), (w, h) in (
    (4, (20, 15), (7, 8)), (5, (21, 18), (14, 9)), (6, (13, 9), (8, 8)), (7, (9, 30), (16, 8)),
    (8, (10, 9), (15, 14)), (9, (12, 12), (12, 12)), (10, (11, 14), (14, 3)),
):
    img = image(seed, width, height, "RGB")
    # torchvision.transforms.functional.center_crop
    if w > width or h > height:
        missing = [(w - width) // 2 if w > width else 0, (h - height) // 2 if h > height else 0,
                   (w - width + 1) // 2 if w > width else 0, (h - height + 1) // 2 if h > height else 0]
        img = ImageOps.expand(img, tuple(missing), fill=0)
    top, left = int(round((img.height - h) / 2.0)), int(round((img.width - w) / 2.0))
    result = img.crop((left, top, left + w, top + h))
    crops.append({"seed": seed, "from": [width, height, 3], "to": [w, h], "sha256": sha(result.tobytes())})

metadata = {"recipe": "preprocess.py", "pillow": PIL.__version__, "transformers": transformers.__version__}
dump = lambda entries: "[\n" + ",\n".join(json.dumps(e, separators=(",", ":")) for e in entries) + "\n]"
text = f'{{"metadata":{json.dumps(metadata)},\n"processed":{dump(processed)},\n"crops":{dump(crops)}}}\n'
Path(__file__).with_suffix(".json").write_text(text)
