"""Feature files in the published layout of CMU-MOSI (aligned) and CH-SIMS (unaligned), with random numbers and made-up
sentences, and through tools/convert_mmsa.py: writes mmsa-aligned.pkl and mmsa-aligned/, the same for unaligned and, in mmsa_features.safetensors, what
NumPy makes of the pickles as the toolbox's loader does (data_loader.py): float32, audio's -inf as 0; and masks.

Run: python packages/sentiment/golden/mmsa_features.py
"""

import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent
CONVERT = HERE.parent / "tools" / "convert_mmsa.py"
rng = np.random.default_rng(20261127)
COUNTS = {"train": 5, "valid": 3, "test": 2}
WORDS = "what a fine day it was not really so bad indeed".split()


def padded(count, length, dim, lengths, dtype):
    """Random numbers, then zeros."""
    values = rng.normal(size=(count, length, dim)).astype(dtype)
    values[np.arange(length)[None] >= np.asarray(lengths)[:, None]] = 0
    return values


def part(count, start, aligned):
    text_length = 6 if aligned else 4
    tokens = rng.integers(2, text_length + 1, count)
    mask = (np.arange(text_length)[None] < tokens[:, None]).astype(int)
    audio_lengths = tokens if aligned else rng.integers(1, 10, count)
    vision_lengths = tokens if aligned else rng.integers(1, 12, count)
    audio = padded(count, 6 if aligned else 9, 5, audio_lengths, np.float64)
    audio[0, 0, 1] = -np.inf
    vision = padded(count, 6 if aligned else 11, 7, vision_lengths, np.float32)
    vision[1, 0, 2] = np.nan
    sentences = [" ".join(rng.choice(WORDS, 4)) for _ in range(count)]
    if not aligned:
        sentences = [f"第{i}句：还不错" for i in range(count)]
    labels = rng.integers(-5, 6, count) / 5
    data = {
        "raw_text": np.array(sentences, dtype=object) if aligned else sentences,
        "audio": audio,
        "vision": vision,
        "id": [f"video_{start + i}$_${i}" for i in range(count)],
        # Not zero where there is padding, as BERT's outputs.
        "text": rng.normal(size=(count, text_length, 8)).astype(np.float32),
        "text_bert": np.stack([rng.integers(100, 999, (count, text_length)) * mask, mask, mask * 0], 1).astype(float),
        "annotations": [("Negative", "Neutral", "Positive")[int(np.sign(label)) + 1] for label in labels],
        "classification_labels": np.sign(labels) + 1,
        "regression_labels": labels * (3 if aligned else 1),
    }
    if not aligned:
        data["audio_lengths"] = audio_lengths.tolist()
        data["vision_lengths"] = vision_lengths.tolist()
        data["vision_lengths"][0] = 99  # as long as the clip was before it was cut
        for modality in "TAV":
            data[f"regression_labels_{modality}"] = rng.integers(-5, 6, count) / 5
    return data


def expected(data):
    clean = {}
    for name in ("text", "audio", "vision"):
        clean[name] = np.nan_to_num(data[name].astype(np.float32), nan=0, posinf=0, neginf=0)
    masks = {"text": data["text_bert"][:, 1]}
    for name in ("audio", "vision"):
        length = clean[name].shape[1]
        if f"{name}_lengths" in data:
            masks[name] = np.arange(length)[None] < np.asarray(data[f"{name}_lengths"])[:, None]
        else:
            masks[name] = (clean[name] != 0).any(-1)
    out = {**clean, **{f"{name}_mask": mask.astype(np.float32) for name, mask in masks.items()}}
    ids, attention, types = data["text_bert"].astype(np.int32).transpose(1, 0, 2)
    out |= {"input_ids": ids, "attention_mask": attention, "token_type_ids": types}
    for key in data:
        if key.startswith("regression_labels"):
            out[key] = data[key].astype(np.float32)
    return {key: np.ascontiguousarray(value) for key, value in out.items()}


golden = {}
with tempfile.TemporaryDirectory() as folder:
    for kind, protocol in (("aligned", 4), ("unaligned", 5)):
        start = 0
        data = {}
        for split, count in COUNTS.items():
            data[split] = part(count, start, kind == "aligned")
            start += count
        path = HERE / f"mmsa-{kind}.pkl"
        path.write_bytes(pickle.dumps(data, protocol=protocol))
        subprocess.run([sys.executable, CONVERT, path, HERE / f"mmsa-{kind}"], check=True, stdout=subprocess.DEVNULL)
        for split in COUNTS:
            golden |= {f"{kind}.{split}.{name}": value for name, value in expected(data[split]).items()}

    # What would run a command is refused.
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {folder}/ran",)

    path = Path(folder) / "hostile.pkl"
    path.write_bytes(pickle.dumps({"train": Hostile()}))
    run = subprocess.run([sys.executable, CONVERT, path, folder], capture_output=True, text=True)
    assert run.returncode != 0 and "system, which no features need" in run.stderr, run.stderr
    assert not (Path(folder) / "ran").exists()

save_file(golden, HERE / "mmsa_features.safetensors")
