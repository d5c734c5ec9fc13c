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


def logits(model):
    config = model.config
    generator = torch.Generator().manual_seed(1)
    size, text = config.vision_config.image_size, config.text_config
    ids = torch.randint(1, text.vocab_size - 1, (2, text.max_position_embeddings), generator=generator)
    ids[:, -1] = text.vocab_size - 1
    pixel_values = torch.randn(2, 3, size, size, generator=generator)
    with torch.no_grad():
        return model.eval()(input_ids=ids, pixel_values=pixel_values).logits_per_image


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
    assert torch.equal(logits(ours), logits(kind.from_pretrained(original))), file
    report[file.stem] = f"{architecture}: loads whole, computes the same"

(HERE / "our_configs.json").write_text(json.dumps(report, indent=2) + "\n")
