"""A small WebDataset shard as Python's tarfile writes it (GNU, PAX with a long name, and gzip), and what is in it."""

import gzip
import io
import json
import tarfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent


def image(kind: str, size: tuple[int, int], color: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind)
    return out.getvalue()


samples = [
    ("0000", {"jpg": image("JPEG", (8, 6), (200, 10, 10)), "txt": "a red card\n".encode(), "json": b'{"width": 8}'}),
    ("0001", {"png": image("PNG", (5, 7), (10, 200, 10)), "cls": b"1"}),
    ("deep/er/0002", {"webp": image("WEBP", (4, 4), (10, 10, 200)), "txt": "ein blaues Qu\u00e4drat".encode()}),
    ("l" * 120 + "/0003", {"jpeg": image("JPEG", (3, 9), (9, 9, 9)), "seg.png": b"no", "json": json.dumps({"caption": "\u9ed1"}).encode()}),
]


def write(file, form: int) -> None:
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for key, files in samples:
            for extension, data in files.items():
                info = tarfile.TarInfo(f"{key}.{extension}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))


for name, form in (("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
    with open(HERE / f"{name}.tar", "wb") as file:
        write(file, form)
with open(HERE / "pax.tar.gz", "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
    write(file, tarfile.PAX_FORMAT)

expected = [
    {
        "key": key,
        "image": next(data for extension, data in files.items() if extension in ("jpg", "png", "webp", "jpeg")).hex(),
        "text": files["txt"].decode() if "txt" in files else None,
        "json": json.loads(files["json"]) if "json" in files else None,
        "cls": int(files["cls"]) if "cls" in files else None,
    }
    for key, files in samples
]
(HERE / "webdataset.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
