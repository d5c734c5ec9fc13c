"""Weights after 1, 10 and 50 steps of PyTorch's optimizers on fixed gradients: writes optimizers.safetensors.

Lion has no PyTorch original: written here from algorithm 2 of Chen et al. 2023. Also the moving average of
torch.optim.swa_utils over the AdamW run, and the norms that clip_grad_norm_ returned.
Parameters of rank below 2 are in a group without weight decay.

Run: python packages/core/golden/optimizers.py
"""

from pathlib import Path

import safetensors.torch
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

torch.set_num_threads(1)
torch.manual_seed(20261123)

STEPS = 50
SHAPES = {"matrix": (4, 3), "bias": (3,), "cube": (2, 3, 2), "scale": ()}
initial = {name: torch.randn(shape) for name, shape in SHAPES.items()}
# Sizes differ by a factor of 100 from step to step, so that clipping clips some and not others.
sizes = 10 ** (2 * torch.rand(STEPS) - 1)
drift = {name: torch.randn(shape) for name, shape in SHAPES.items()}
gradients = {
    name: torch.stack([size * (torch.randn(shape) + 0.5 * drift[name]) for size in sizes])
    for name, shape in SHAPES.items()
}


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = beta1 * m + (1 - beta1) * p.grad
                p -= group["lr"] * (c.sign() + group["weight_decay"] * p)
                m.copy_(beta2 * m + (1 - beta2) * p.grad)


CONFIGS = {
    "sgd": (torch.optim.SGD, {}),
    "sgd_decay": (torch.optim.SGD, dict(weight_decay=0.1)),
    "sgd_momentum": (torch.optim.SGD, dict(momentum=0.9, dampening=0.3, weight_decay=0.1)),
    "sgd_nesterov": (torch.optim.SGD, dict(momentum=0.9, nesterov=True, weight_decay=0.1)),
    "adam": (torch.optim.Adam, {}),
    "adam_decay": (torch.optim.Adam, dict(betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    "adamw": (torch.optim.AdamW, {}),
    "adamw_decay": (torch.optim.AdamW, dict(betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    "lion": (Lion, {}),
    "lion_decay": (Lion, dict(betas=(0.8, 0.95), weight_decay=0.1)),
    "adafactor": (torch.optim.Adafactor, {}),
    "adafactor_decay": (
        torch.optim.Adafactor,
        dict(beta2_decay=-0.5, eps=(0.5, 1.0), d=1.5, weight_decay=0.1),
    ),
}


class Weights(nn.Module):
    def __init__(self):
        super().__init__()
        for name, value in initial.items():
            setattr(self, name, nn.Parameter(value.clone()))


def run(optimizer_class, options, max_norm=None):
    model = Weights()
    named = dict(model.named_parameters())
    matrices = [p for p in named.values() if p.dim() >= 2]
    others = [p for p in named.values() if p.dim() < 2]
    optimizer = optimizer_class(
        [{"params": matrices}, {"params": others, "weight_decay": 0.0}], lr=0.0, **options
    )
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    weights, averages, norms = {}, {}, []
    for step in range(STEPS):
        for name, p in named.items():
            p.grad = gradients[name][step].clone()
        if max_norm is not None:
            norms.append(nn.utils.clip_grad_norm_(named.values(), max_norm))
        for group in optimizer.param_groups:
            group["lr"] = 0.02 * (1 - step / 100)
        optimizer.step()
        average.update_parameters(model)
        if step + 1 in (1, 10, 50):
            weights[step + 1] = flat(named)
            averages[step + 1] = flat(dict(average.module.named_parameters()))
    return weights, averages, norms


def flat(named):
    return torch.cat([named[name].detach().reshape(-1) for name in SHAPES])


out = {f"initial.{name}": value for name, value in initial.items()}
out |= {f"gradients.{name}": value.contiguous() for name, value in gradients.items()}
for name, (optimizer_class, options) in CONFIGS.items():
    for step, weights in run(optimizer_class, options)[0].items():
        out[f"{name}.{step}"] = weights
for name in ("sgd", "adamw"):
    weights, averages, norms = run(*CONFIGS[name], max_norm=3.0)
    for step in weights:
        out[f"{name}_clipped.{step}"] = weights[step]
    out[f"{name}_clipped.norms"] = torch.stack(norms)
for step, values in run(*CONFIGS["adamw"])[1].items():
    out[f"adamw_average.{step}"] = values

safetensors.torch.save_file(
    out, Path(__file__).with_suffix(".safetensors"), metadata={"torch": torch.__version__}
)
