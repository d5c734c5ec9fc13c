"""MFB (Yu et al. 2017): sums of products of k factors, signed square root, unit length."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, case, write
from torch import nn


class MFB(nn.Module):
    def __init__(self):
        super().__init__()
        self.projections = nn.ModuleDict({name: nn.Linear(dim, 3 * 4) for name, dim in DIMS.items()})

    def forward(self, sample):
        products = torch.stack([self.projections[name](x.mean(0)) for name, x in sample.items()]).prod(0)
        pooled = nn.functional.avg_pool1d(products[None], 4)[0] * 4
        rooted = torch.sqrt(torch.relu(pooled)) - torch.sqrt(torch.relu(-pooled))
        return nn.functional.normalize(rooted, dim=0)


write(Path(__file__), case(MFB()))
