"""Mixture of experts on the joint representation: top-k routing, load-balance loss (Switch), router z-loss (ST-MoE)."""

from pathlib import Path

import torch
from shared.fusion_case import BATCH, DIMS, case, inputs, sample, write
from torch import nn


class Router(nn.Module):
    def __init__(self):
        super().__init__()
        self.projection = nn.Linear(3, 4, bias=False)

    def forward(self, x):
        return self.projection(x)


class Expert(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 5)
        self.fc2 = nn.Linear(5, 3)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.fc1(x)))


class MoE(nn.Module):
    def __init__(self, top_k):
        super().__init__()
        self.top_k = top_k
        self.projection = nn.Linear(sum(DIMS.values()), 3)
        self.router = Router()
        self.experts = nn.ModuleList(Expert() for _ in range(4))

    def joint(self, found):
        parts = [found[name].mean(0) if name in found else torch.zeros(dim) for name, dim in DIMS.items()]
        return self.projection(torch.cat(parts))

    def forward(self, found):
        x = self.joint(found)
        values, chosen = self.router(x).topk(self.top_k)
        weights = self.router(x).softmax(0)[chosen] if self.top_k == 1 else values.softmax(0)
        return x + sum(w * self.experts[e](x) for w, e in zip(weights, chosen.tolist()))

    def auxiliary(self, samples):
        logits = torch.stack([self.router(self.joint(found)) for found in samples])
        chosen = torch.zeros_like(logits).scatter(1, logits.topk(self.top_k).indices, 1.0)
        balance = 4 * (chosen.mean(0) / self.top_k * logits.softmax(1).mean(0)).sum()
        return 0.3 * balance + 0.05 * logits.logsumexp(1).square().mean()


out = {}
for prefix, top_k, seed in [("one.", 1, 3), ("two.", 2, 1)]:
    model = MoE(top_k)
    out |= case(model, prefix, seed)
    features, masks = inputs()
    loss = model.auxiliary([sample(features, masks, i) for i in range(BATCH)])
    router, projection = torch.autograd.grad(loss, [model.router.projection.weight, model.projection.weight])
    out[f"{prefix}auxiliary"] = loss.detach()
    out[f"{prefix}auxiliary_grad.router"] = router
    out[f"{prefix}auxiliary_grad.projection"] = projection
write(Path(__file__), out)
