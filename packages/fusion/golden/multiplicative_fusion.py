"""Multiplicative interactions (Jayakumar et al. 2020): z' W x + U z + V x + b."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, case, write
from torch import nn


class Multiplicative(nn.Module):
    def __init__(self):
        super().__init__()
        self.interaction = nn.Linear(5 * 6, 3, bias=False)
        self.linear = nn.Linear(5 + 6, 3)

    def forward(self, sample):
        x, z = (sample[n].mean(0) if n in sample else torch.zeros(DIMS[n]) for n in ("text", "image"))
        w = self.interaction.weight.view(3, 5, 6)
        v, u = self.linear.weight.split([5, 6], dim=1)
        return torch.einsum("i,kij,j->k", x, w, z) + u @ z + v @ x + self.linear.bias


write(Path(__file__), case(Multiplicative()))
