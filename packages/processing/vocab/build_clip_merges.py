"""Writes src/text/clip-merges.ts from OpenAI's vocabulary file.

    python packages/processing/vocab/build_clip_merges.py bpe_simple_vocab_16e6.txt.gz

The file is `clip/bpe_simple_vocab_16e6.txt.gz` of github.com/openai/CLIP (MIT). Only its first
48,894 merges are part of CLIP's vocabulary. A merge is written as the two ids it joins, each a little-endian
16-bit number, all of it in base64: half the size of the text, and read without parsing any.
"""

import base64
import gzip
import struct
import sys
from pathlib import Path

lines = gzip.open(sys.argv[1], "rt", encoding="utf-8").read().split("\n")
merges = [tuple(line.split()) for line in lines[1 : 49152 - 256 - 2 + 1]]

printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
characters = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
ids = {token: i for i, token in enumerate(characters + [c + "</w>" for c in characters])}
pairs = []
for left, right in merges:
    pairs += [ids[left], ids[right]]
    assert left + right not in ids
    ids[left + right] = len(ids)
assert len(ids) == 49406

out = Path(__file__).parent.parent / "src" / "text" / "clip-merges.ts"
out.write_text(f"""// Written by vocab/build_clip_merges.py from the vocabulary of OpenAI's CLIP, which is under this licence:
//
// MIT License. Copyright (c) 2021 OpenAI. The whole text is in vocab/LICENSE-openai-clip.

/** The 48,894 merges of CLIP's vocabulary: (left id, right id) as little-endian uint16, in base64. */
export const clipMerges =
  '{base64.b64encode(struct.pack(f"<{len(pairs)}H", *pairs)).decode()}';
""", encoding="utf-8")
print(f"{out}: {len(merges)} merges")
