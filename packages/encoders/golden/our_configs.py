"""Gives transformers each configuration of our-configs/ (ours, from our-configs.ts) with the weights of the tiny model
(ours too, to the byte: src/pretrained.test.ts), and compares what it computes with the original; writes our_configs.json.
"""

import json
import shutil
import tempfile
from pathlib import Path

import torch
import transformers

torch.set_num_threads(1)
HERE = Path(__file__).parent


def first_tensors(model, config):
    """What the model computes of fixed inputs, as one row of numbers."""
    generator = torch.Generator().manual_seed(1)
    if hasattr(config, "vocab_size"):
        ids = torch.randint(1, config.vocab_size, (2, 5), generator=generator)
        output = model(input_ids=ids)
    else:
        size = getattr(config, "image_size", 32)
        output = model(pixel_values=torch.randn(2, config.num_channels, size, size, generator=generator))
    return torch.cat([value.flatten() for value in output.values() if isinstance(value, torch.Tensor)])


report = {}
for file in sorted((HERE / "our-configs").glob("*.json")):
    original = HERE / file.stem
    architecture = json.loads((original / "config.json").read_text())["architectures"][0]
    kind = getattr(transformers, architecture)
    assert json.loads(file.read_text())["architectures"] == [architecture], file
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(file, Path(folder) / "config.json")
        shutil.copy(original / "model.safetensors", folder)
        ours, info = kind.from_pretrained(folder, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), (file, info)
    theirs = kind.from_pretrained(original)
    with torch.no_grad():
        difference = (first_tensors(ours.eval(), ours.config) - first_tensors(theirs.eval(), theirs.config)).abs().max()
    assert difference == 0, (file, difference)
    report[file.stem] = f"{architecture}: loads whole, computes the same"

(HERE / "our_configs.json").write_text(json.dumps(report, indent=2) + "\n")
