"""MLB (Kim et al. 2017): projections through tanh, multiplied; a missing modality is left out of the product."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, case, write
from torch import nn


class MLB(nn.Module):
    def __init__(self):
        super().__init__()
        self.projections = nn.ModuleDict({name: nn.Linear(dim, 8) for name, dim in DIMS.items()})
        self.output = nn.Linear(8, 3)

    def forward(self, sample):
        factors = [torch.tanh(self.projections[name](x.mean(0))) for name, x in sample.items()]
        return self.output(torch.stack(factors).prod(0))


write(Path(__file__), case(MLB()))
