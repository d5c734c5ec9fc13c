"""Image-text Parquet files as `datasets` lays them out, written by pyarrow: Snappy, gzip and Brotli, several row groups."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent


def picture(i: int) -> bytes:
    return b"\x89PNG" + hashlib.sha256(str(i).encode()).digest() * (i + 1)


rows = [
    {
        "image": {"bytes": picture(i), "path": f"{i}.png"},
        "captions": [f"first of {i}", f"zweiter über {i}"][: 1 + i % 2],
        "title": None if i == 4 else f"title {i % 3}",
        "score": i / 2,
    }
    for i in range(11)
]
schema = pa.schema(
    [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("captions", pa.list_(pa.string())),
        ("title", pa.string()),
        ("score", pa.float32()),
    ]
)
table = pa.Table.from_pylist(rows, schema)
for codec, version in (("snappy", "1.0"), ("gzip", "2.0"), ("brotli", "1.0")):
    path = HERE / f"pairs_{codec}.parquet"
    pq.write_table(table, path, compression=codec, row_group_size=4, data_page_version=version)

expected = [{**row, "image": row["image"]["bytes"].hex()} for row in rows]
(HERE / "parquet_pairs.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")
