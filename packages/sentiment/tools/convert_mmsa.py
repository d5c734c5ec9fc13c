"""Converts the published feature files of CMU-MOSI, CMU-MOSEI and CH-SIMS (aligned_50.pkl, unaligned_50.pkl,
unaligned_39.pkl) to what mmsaFeatures reads: a .safetensors and a .jsonl for each of train, valid and test.

    pip install numpy safetensors
    python convert_mmsa.py aligned_50.pkl mosi-aligned [--omit text]

A pickle can run any code when it is loaded. This script loads arrays, texts and numbers alone: a file that names
anything else is refused before that is looked up.
"""

import argparse
import json
import pickle
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

# numpy.core became numpy._core; files have either.
ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
    ("collections", "OrderedDict"),
}


class ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        module = module.replace("numpy._core.", "numpy.core.")
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"names {module}.{name}, which no features need. Nothing was executed.")
        if hasattr(np, "_core"):
            module = module.replace("numpy.core.", "numpy._core.")
        return super().find_class(module, name)


def text_of(value):
    """Ids are texts, or lists of video and clip."""
    return "$_$".join(map(str, value)) if isinstance(value, (list, tuple, np.ndarray)) else str(value)


def convert(part, omit=()):
    """Arrays by name, and a record for each sample."""
    arrays = {}
    count = len(part["regression_labels"])
    for name in ("text", "audio", "vision"):
        if name in part and name not in omit:
            arrays[name] = np.ascontiguousarray(part[name], np.float32)
    if "text_bert" in part and "text_bert" not in omit:
        arrays["text_bert"] = np.ascontiguousarray(np.asarray(part["text_bert"]).astype(np.int32))
    for name in ("audio_lengths", "vision_lengths"):
        if name in part:
            arrays[name] = np.asarray(part[name]).reshape(-1).astype(np.int32)
    arrays["regression_labels"] = np.asarray(part["regression_labels"]).reshape(-1).astype(np.float32)
    for modality in "TAV":
        # The toolbox's files have either.
        for name in (f"regression_labels_{modality}", f"regression_labels_labels_{modality}"):
            if name in part:
                labels = np.asarray(part[name]).reshape(-1).astype(np.float32)
                arrays[f"regression_labels_{modality}"] = labels
    records = [{} for _ in range(count)]
    for name, key in (("id", "id"), ("raw_text", "raw_text"), ("annotations", "annotation")):
        if name in part:
            for record, value in zip(records, part[name], strict=True):
                record[key] = text_of(value)
    for name, array in arrays.items():
        if len(array) != count:
            raise SystemExit(f"{name}: expected {count} samples, found {len(array)}.")
    return arrays, records


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pickle", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--omit", nargs="+", default=[], choices=["text", "text_bert", "audio", "vision"])
    args = parser.parse_args()
    with open(args.pickle, "rb") as file:
        data = ArrayUnpickler(file).load()
    args.folder.mkdir(parents=True, exist_ok=True)
    for split in ("train", "valid", "test"):
        arrays, records = convert(data[split], args.omit)
        save_file(arrays, args.folder / f"{split}.safetensors")
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        (args.folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(split, len(records), {name: list(array.shape) for name, array in arrays.items()})


if __name__ == "__main__":
    main()
