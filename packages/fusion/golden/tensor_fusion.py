"""TFN (Zadeh et al. 2017): the outer product of the vectors [1; z], and the same of projected vectors."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, case, write
from torch import nn


class TFN(nn.Module):
    def __init__(self, dims):
        super().__init__()
        sizes = [dim + 1 for dim in dims.values()]
        self.output = nn.Linear(sizes[0] * sizes[1] * sizes[2], 3)

    def vector(self, sample, name):
        return sample[name].mean(0) if name in sample else torch.zeros(DIMS[name])

    def forward(self, sample):
        a, b, c = (torch.cat([torch.ones(1), self.vector(sample, name)]) for name in DIMS)
        return self.output(torch.einsum("i,j,k->ijk", a, b, c).flatten())


class Projected(TFN):
    def __init__(self):
        super().__init__(dict.fromkeys(DIMS, 2))
        self.projections = nn.ModuleDict({name: nn.Linear(dim, 2, bias=False) for name, dim in DIMS.items()})

    def vector(self, sample, name):
        return self.projections[name](super().vector(sample, name))


write(Path(__file__), case(TFN(DIMS), "plain.") | case(Projected(), "projected.", seed=3))
