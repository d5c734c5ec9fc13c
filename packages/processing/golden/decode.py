"""Writes decode.json: small files written by Pillow, and the RGB pixels it reads from them, upright."""

import base64
import io
import json
import math
from pathlib import Path

import PIL
from PIL import Image, ImageCms, ImageOps


def picture(mode, width=11, height=9):
    """Smooth colours with an edge, the same in every mode; alpha from 0 to 255."""
    def pixel(x, y):
        edge = 60 if x + y > 11 else 0
        color = tuple(int(127 + 120 * math.sin(x * a + y * b)) for a, b in ((0.2, 0.1), (0.1, 0.3), (0.3, -0.2)))
        return tuple(max(0, c - edge) for c in color) + (min(255, x * 26),)

    image = Image.new("RGBA", (width, height))
    image.putdata([pixel(x, y) for y in range(height) for x in range(width)])
    return image if mode == "RGBA" else image.convert(mode)


def transparent_palette():
    image = picture("RGB").quantize(16)
    image.info["transparency"] = 3
    return image


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def swapped_profile():
    """sRGB with red and blue swapped: whoever applies it swaps the colours."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:]  # no date, so that every run writes the same
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


rgb = picture("RGB")
frames = {"save_all": True, "append_images": [rgb.rotate(180)], "duration": 100}
FILES = {
    "png rgb": (rgb, "PNG", {}),
    "png rgba": (picture("RGBA"), "PNG", {}),
    "png grey": (picture("L"), "PNG", {}),
    "png grey and alpha": (picture("LA"), "PNG", {}),
    "png 1 bit": (picture("1"), "PNG", {}),
    "png palette": (rgb.quantize(16), "PNG", {}),
    "png palette with transparency": (transparent_palette(), "PNG", {}),
    "png with a colour profile": (rgb, "PNG", {"icc_profile": swapped_profile()}),
    "png orientation 6": (rgb, "PNG", {"exif": exif(6)}),
    "jpeg 444": (rgb, "JPEG", {"quality": 90, "subsampling": 0}),
    "jpeg 420": (rgb, "JPEG", {"quality": 80, "subsampling": 2}),
    "jpeg progressive": (rgb, "JPEG", {"quality": 80, "progressive": True}),
    "jpeg grey": (picture("L"), "JPEG", {"quality": 80}),
    "jpeg cmyk": (rgb.convert("CMYK"), "JPEG", {"quality": 90}),
    **{f"jpeg orientation {n}": (rgb, "JPEG", {"quality": 80, "exif": exif(n)}) for n in range(1, 9)},
    "webp lossy": (rgb, "WEBP", {"quality": 80}),
    "webp lossless": (rgb, "WEBP", {"lossless": True}),
    "webp lossy with alpha": (picture("RGBA"), "WEBP", {"quality": 80, "exact": True}),
    "webp lossless with alpha": (picture("RGBA"), "WEBP", {"lossless": True, "exact": True}),
    "webp animated": (rgb, "WEBP", {"lossless": True, **frames}),
    "gif": (rgb.quantize(32), "GIF", {}),
    "gif animated": (rgb.quantize(32), "GIF", {**frames, "append_images": [rgb.rotate(180).quantize(32)]}),
}

cases = []
for name, (image, kind, options) in FILES.items():
    file = io.BytesIO()
    image.save(file, kind, **options)
    read = ImageOps.exif_transpose(Image.open(file))
    text = {"name": name, "file": base64.b64encode(file.getvalue()).decode(), "size": list(read.size)}
    text["rgb"] = base64.b64encode(read.convert("RGB").tobytes()).decode()
    if read.has_transparency_data:
        text["rgba"] = base64.b64encode(read.convert("RGBA").tobytes()).decode()
    cases.append(text)

metadata = {"recipe": "decode.py", "pillow": PIL.__version__}
lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in cases)
output = f'{{"metadata":{json.dumps(metadata)},\n"cases":[\n{lines}\n]}}\n'
Path(__file__).with_suffix(".json").write_text(output)
