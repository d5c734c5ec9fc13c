"""LMF (Liu et al. 2018) as its equation: factors on [1; z], multiplied over the modalities, summed over the ranks."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, case, write
from torch import nn

RANK = 4


class LMF(nn.Module):
    def __init__(self):
        super().__init__()
        self.factors = nn.ModuleDict({name: nn.Linear(dim, RANK * 3) for name, dim in DIMS.items()})
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, sample):
        total = self.bias
        for rank in range(RANK):
            product = torch.ones(3)
            for name, dim in DIMS.items():
                x = sample[name].mean(0) if name in sample else torch.zeros(dim)
                factor = torch.cat([self.factors[name].bias[:, None], self.factors[name].weight], 1)  # of [1; z]
                product = product * (factor[3 * rank : 3 * rank + 3] @ torch.cat([torch.ones(1), x]))
            total = total + product
        return total


write(Path(__file__), case(LMF()))
