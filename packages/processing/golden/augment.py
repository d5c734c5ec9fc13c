"""Writes augment.json: torchvision's transforms of Pillow images (their formulas, on Pillow), as hashes and values."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image, ImageEnhance

torch.set_num_threads(1)


def lcg(seed):
    """Bytes of a linear congruential generator; the test has the same."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield seed >> 24


def image(seed, width, height, mode, mask=255):
    source = lcg(seed)
    data = bytes(next(source) & mask for _ in range(width * height * len(mode)))
    return Image.frombytes(mode, (width, height), data)


def hue(img, turn):
    h, s, v = img.convert("HSV").split()
    shifted = ((np.array(h).astype(np.int32) + int(turn * 255)) % 256).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(shifted, "L"), s, v)).convert("RGB")


def affine(img, angle, translate, scale, shear, fill):
    cx, cy = img.width * 0.5, img.height * 0.5
    rot, sx, sy = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    a = math.cos(rot - sy) / math.cos(sy)
    b = -math.cos(rot - sy) * math.tan(sx) / math.cos(sy) - math.sin(rot)
    c = math.sin(rot - sy) / math.cos(sy)
    d = -math.sin(rot - sy) * math.tan(sx) / math.cos(sy) + math.cos(rot)
    m = [x / scale for x in (d, -b, 0.0, -c, a, 0.0)]
    m[2] += m[0] * (-cx - translate[0]) + m[1] * (-cy - translate[1]) + cx
    m[5] += m[3] * (-cx - translate[0]) + m[4] * (-cy - translate[1]) + cy
    return img.transform(img.size, Image.Transform.AFFINE, m, Image.Resampling.BILINEAR, fillcolor=fill)


def blur(img, sigma, size):
    x = torch.linspace(-(size - 1) / 2, (size - 1) / 2, size, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (x / sigma) ** 2)
    kernel = kernel / kernel.sum()
    pixels = torch.from_numpy(np.array(img)).double().permute(2, 0, 1)[None]
    channels = pixels.shape[1]
    pad = size // 2
    pixels = torch.nn.functional.pad(pixels, [pad] * 4, mode="reflect")
    weight = (kernel[:, None] * kernel[None, :]).expand(channels, 1, size, size)
    result = torch.nn.functional.conv2d(pixels, weight, groups=channels)[0]
    return Image.fromarray(result.permute(1, 2, 0).round().clamp(0, 255).byte().numpy())


cases = []


def record(name, arguments, source, result):
    data = result.tobytes()
    entry = {"name": name, "arguments": arguments, **source, "sha256": hashlib.sha256(data).hexdigest()[:16]}
    if len(data) <= 150:
        entry["values"] = list(data)
    cases.append(entry)


for seed, (width, height), mask in [(1, (7, 6), 255), (2, (40, 31), 255), (3, (33, 40), 0xC0), (4, (64, 64), 0xF8)]:
    source = {"seed": seed, "from": [width, height, 3], "mask": mask}
    img = image(seed, width, height, "RGB", mask)
    for factor in (0, 0.3, 0.77, 1, 1.4, 2.6):
        record("brightness", [factor], source, ImageEnhance.Brightness(img).enhance(factor))
        record("contrast", [factor], source, ImageEnhance.Contrast(img).enhance(factor))
        record("saturation", [factor], source, ImageEnhance.Color(img).enhance(factor))
    for turn in (-0.5, -0.2, 0, 0.03, 0.37, 0.5):
        record("hue", [turn], source, hue(img, turn))
    record("grayscale", [], source, img.convert("L").convert("RGB"))
    record("flip", [], source, img.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    for arguments in (
        [0, [0, 0], 1, [0, 0], [1, 2, 3]],
        [30, [0, 0], 1, [0, 0], [0, 0, 0]],
        [-77.5, [3, -2], 0.8, [0, 0], [255, 0, 9]],
        [12, [-1, 2], 1.3, [10, -7], [7, 7, 7]],
    ):
        record("affine", arguments, source, affine(img, *arguments[:4], tuple(arguments[4])))
    for sigma, size in ((0.4, 3), (1.5, 9), (2, 5)):
        record("blur", [sigma, size], source, blur(img, sigma, size))
rgba = image(5, 21, 18, "RGBA")
record("affine", [25, [1, 1], 0.9, [5, 0], [0, 0, 0, 0]], {"seed": 5, "from": [21, 18, 4], "mask": 255},
       affine(rgba, 25, (1, 1), 0.9, (5, 0), (0, 0, 0, 0)))

metadata = {"recipe": "augment.py", "pillow": PIL.__version__, "torch": torch.__version__.split("+")[0]}
lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in cases)
text = f'{{"metadata":{json.dumps(metadata)},\n"cases":[\n{lines}\n]}}\n'
Path(__file__).with_suffix(".json").write_text(text)
