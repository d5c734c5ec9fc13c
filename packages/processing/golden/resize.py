"""Writes resize.json: Pillow's resize of generated images, as hashes, and a few results in full."""

import hashlib
import json
from pathlib import Path

import PIL
from PIL import Image

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
SIZES = [(32, 32), (7, 50), (224, 160), (1, 1), (61, 33)]


def lcg(seed):
    """Bytes of a linear congruential generator; the test has the same."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield seed >> 24


def image(seed, width, height, mode):
    source = lcg(seed)
    return Image.frombytes(mode, (width, height), bytes(next(source) for _ in range(width * height * len(mode))))


def case(seed, width, height, mode, name, size, full=False):
    result = image(seed, width, height, mode).resize(size, FILTERS[name]).tobytes()
    entry = {"seed": seed, "from": [width, height, len(mode)], "filter": name, "to": list(size)}
    entry["sha256"] = hashlib.sha256(result).hexdigest()[:16]
    if full:
        entry["values"] = list(result)
    return entry


cases = []
for seed in range(20):
    width, height = 13 + 7 * seed, 150 - 6 * seed
    for name in ("bilinear", "bicubic", "lanczos"):
        cases += [case(seed, width, height, "RGB", name, size) for size in SIZES]
for name in FILTERS:
    for mode, seed in (("L", 100), ("RGB", 101), ("RGBA", 102)):
        cases += [case(seed, 45, 67, mode, name, size) for size in SIZES]
        cases += [case(seed, 3, 1, mode, name, (5, 4), full=True), case(seed, 6, 5, mode, name, (3, 5), full=True)]

metadata = {"recipe": "resize.py", "pillow": PIL.__version__}
lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in cases)
text = f'{{"metadata":{json.dumps(metadata)},\n"cases":[\n{lines}\n]}}\n'
Path(__file__).with_suffix(".json").write_text(text)
