"""GMU (Arevalo et al. 2017): of two modalities with a shared gate, of three with one for each."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, case, write
from torch import nn


class GMU(nn.Module):
    def __init__(self, names):
        super().__init__()
        self.dims = {name: DIMS[name] for name in names}
        self.projections = nn.ModuleDict({name: nn.Linear(dim, 3) for name, dim in self.dims.items()})
        self.gate = nn.Linear(sum(self.dims.values()), 3 if len(names) == 2 else 3 * len(names))

    def forward(self, sample):
        x = {name: sample[name].mean(0) if name in sample else torch.zeros(dim) for name, dim in self.dims.items()}
        z = torch.sigmoid(self.gate(torch.cat(list(x.values()))))
        gates = dict(zip(self.dims, [z, 1 - z] if len(self.dims) == 2 else z.split(3)))
        there = [name for name in self.dims if name in sample]
        if len(self.dims) == 2 and len(there) == 1:
            gates[there[0]] = torch.ones(3)
        fused = sum(gates[name] * torch.tanh(self.projections[name](x[name])) for name in there)
        strengths = torch.stack([gates[name].mean() * (name in sample) for name in self.dims])
        return fused, strengths / strengths.sum()


write(Path(__file__), case(GMU(["text", "image"]), "two.") | case(GMU(list(DIMS)), "three.", seed=3))
