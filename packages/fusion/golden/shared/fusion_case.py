"""What every recipe of a fusion strategy shares: the inputs, the reference per sample, and how it is stored.

A reference is a torch module whose state dict has our keys and whose forward takes one sample, a dict from the modality
to its vectors [length, dim] (one that is missing is absent; padding is cut off), so that no mask is needed to be right.
"""

import torch
from safetensors.torch import save_file

torch.set_num_threads(1)
DIMS = {"text": 5, "image": 6, "audio": 7}
NAMES = list(DIMS)
BATCH = 4


def inputs():
    """Two sequences and a vector; text is padded, image padded and missing, audio missing in a sample."""
    generator = torch.Generator().manual_seed(11)
    features = {
        "text": torch.randn(BATCH, 4, 5, generator=generator),
        "image": torch.randn(BATCH, 3, 6, generator=generator),
        "audio": torch.randn(BATCH, 7, generator=generator),
    }
    masks = {
        "text": torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 1], [1, 1, 1, 0]]),
        "image": torch.tensor([[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 1, 1]]),
        "audio": torch.tensor([1, 1, 1, 0]),
    }
    return features, masks


def sample(features, masks, i):
    """What sample i has."""
    found = {}
    for name in NAMES:
        x, mask = features[name][i], masks[name][i]
        x, mask = (x[None], mask[None]) if x.dim() == 1 else (x, mask)
        if mask.any():
            found[name] = x[mask.bool()]
    return found


def randomize(model, seed=1):
    """Random values also where training starts from zeros and ones, so that no mistake hides."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            scale = 1 if "norm" in name and name.endswith("weight") else 0
            parameter.copy_(scale + 0.4 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def case(model, prefix="", seed=1, training=None):
    """Arrays of one case: inputs, state, outputs and the gradients of sum(fused * dy).

    model(sample) gives the fused vector, or it and the share of each modality. `training(sample)` is what the
    gradients are of, where that is another.
    """
    randomize(model, seed)
    features, masks = inputs()
    samples = [sample(features, masks, i) for i in range(BATCH)]
    outputs = [model(s) for s in samples]
    out = {}
    if isinstance(outputs[0], tuple):
        out["weights"] = torch.stack([shares for _, shares in outputs])
        outputs = [fused for fused, _ in outputs]
    fused = torch.stack(outputs)
    dy = torch.randn(fused.shape, generator=torch.Generator().manual_seed(seed + 1))
    trained = fused if training is None else torch.stack([training(s) for s in samples])
    (trained * dy).sum().backward()
    out |= {"fused": fused, "dy": dy}
    for name in NAMES:
        out[name] = features[name]
        out[f"{name}.mask"] = masks[name].float()
    for name, parameter in model.named_parameters():
        out[f"state.{name}"] = parameter
        out[f"grad.{name}"] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    for name, buffer in model.named_buffers():
        out[f"state.{name}"] = buffer
    return {prefix + key: value.detach().contiguous() for key, value in out.items()}


def write(recipe, arrays):
    """Stores the arrays beside the recipe, under its name."""
    save_file(
        arrays, recipe.with_suffix(".safetensors"), metadata={"torch": torch.__version__, "recipe": recipe.name}
    )
