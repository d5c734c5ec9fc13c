"""Early fusion of vectors: means, one after the other, through two linear layers."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, case, write
from torch import nn


class Concat(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(sum(DIMS.values()), 8)
        self.fc2 = nn.Linear(8, 3)

    def forward(self, sample):
        parts = [sample[name].mean(0) if name in sample else torch.zeros(dim) for name, dim in DIMS.items()]
        return self.fc2(nn.functional.gelu(self.fc1(torch.cat(parts))))


write(Path(__file__), case(Concat()))
