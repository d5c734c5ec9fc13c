"""What the recipes of the transformer encoders share: random weights everywhere, and how they are stored."""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

torch.set_num_threads(1)
HERE = Path(__file__).parent


def randomise(model, std=0.4, seed=1):
    """Random weights, also where training would start from zeros and ones, so that no mistake hides."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            is_norm_weight = "norm" in name.lower() and name.endswith("weight")
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_((1 if is_norm_weight else 0) + std * noise)
    return model.eval()


def save_folder(model, name):
    """The published format: config.json and model.safetensors."""
    model.save_pretrained(HERE / name)
    config_file = HERE / name / "config.json"
    config = json.loads(config_file.read_text())
    config_file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def save_golden(arrays, recipe):
    """arrays: tensors by name; a tuple of tensors is stored as name.0, name.1, ..."""
    flat = {}
    for name, value in arrays.items():
        parts = {f"{name}.{i}": part for i, part in enumerate(value)} if isinstance(value, tuple) else {name: value}
        flat |= {key: part.detach().contiguous().clone() for key, part in parts.items()}
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    save_file(flat, HERE / f"{recipe}.safetensors", metadata={**versions, "recipe": f"{recipe}.py"})
