"""What the recipes of the convolutional encoders share: random weights everywhere, and what is computed with them."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

torch.set_num_threads(1)
HERE = Path(__file__).parent


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def randomise(model, seed=1):
    """Random weights, also where training would start from zeros and ones, so that no mistake hides."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in sorted(model.state_dict().items()):
            if name.endswith("num_batches_tracked"):
                tensor.fill_(7)
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                tensor.copy_(0.5 + noise.abs())
            elif tensor.ndim == 1 and name.endswith("weight"):  # a norm's
                tensor.copy_(1 + 0.2 * noise)
            elif tensor.ndim > 1:
                tensor.copy_(noise * (2 / tensor[0].numel()) ** 0.5)
            else:
                tensor.copy_(0.3 * noise)
    return model.eval()


def save_folder(model, name):
    """The published format: config.json and model.safetensors."""
    model.save_pretrained(HERE / name)
    config_file = HERE / name / "config.json"
    config = json.loads(config_file.read_text())
    config_file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def passes(out, name, model, run, direction, weights, statistics=()):
    """In evaluation and in training: run's result, the gradients for weights of its sum times direction, and the
    statistics after a training step. The model is left as it was."""
    before = {key: value.clone() for key, value in model.state_dict().items()}
    for mode in ["eval", "train"]:
        model.train(mode == "train")
        model.zero_grad()
        y = run(model)
        (y * direction).sum().backward()
        out[f"{name}.{mode}"] = y
        parameters = dict(model.named_parameters())
        for key in weights:
            out[f"{name}.{mode}.grad.{key}"] = parameters[key].grad
    for key in statistics:
        out[f"{name}.after.{key}"] = model.state_dict()[key].clone()
    model.load_state_dict(before)
    model.eval()


def save_golden(arrays, recipe, *libraries):
    """arrays: tensors by name; a tuple of tensors is stored as name.0, name.1, ..."""
    flat = {}
    for name, value in arrays.items():
        parts = {f"{name}.{i}": part for i, part in enumerate(value)} if isinstance(value, tuple) else {name: value}
        flat |= {key: part.detach().contiguous().clone() for key, part in parts.items()}
    versions = {library.__name__: library.__version__ for library in (torch, *libraries)}
    save_file(flat, HERE / f"{recipe}.safetensors", metadata={**versions, "recipe": f"{recipe}.py"})
