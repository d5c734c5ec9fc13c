"""Weights of gradient blending (Wang et al. 2020), as the paper defines them, in double precision."""

import json
from pathlib import Path

import torch

generator = torch.Generator().manual_seed(1)
cases = []
for heads in (2, 3, 4):
    draw = lambda low, high: torch.empty(heads, dtype=torch.float64).uniform_(low, high, generator=generator)
    train_before, valid_before = draw(1, 2), draw(1.2, 2.2)
    train_after, valid_after = train_before - draw(0.3, 0.9), valid_before - draw(0.05, 0.25)
    overfitting_before, overfitting_after = valid_before - train_before, valid_after - train_after
    ratio = (valid_before - valid_after) / (overfitting_after - overfitting_before) ** 2
    names = ["text", "image", "audio", "fused"][:heads]
    columns = zip(names, train_before.tolist(), train_after.tolist(), valid_before.tolist(), valid_after.tolist())
    losses = {name: {"train": [t0, t1], "valid": [v0, v1]} for name, t0, t1, v0, v1 in columns}
    cases.append({"losses": losses, "weights": dict(zip(names, (ratio / ratio.sum()).tolist()))})
Path(__file__).with_suffix(".json").write_text(json.dumps(cases, indent=1) + "\n")
