"""Bilinear pooling: nn.Bilinear, and with signed square root and unit length (Lin et al. 2015). A missing modality is ones."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, case, write
from torch import nn
from torch.nn.functional import normalize


def vector(sample, name):
    return sample[name].mean(0) if name in sample else torch.ones(DIMS[name])


class Bilinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.projection = nn.Linear(5 * 6, 3)

    def forward(self, sample):
        weight = self.projection.weight.view(3, 5, 6)
        x, z = vector(sample, "text"), vector(sample, "image")
        return nn.functional.bilinear(x[None], z[None], weight, self.projection.bias)[0]


class Pooled(Bilinear):
    def forward(self, sample):
        products = torch.outer(vector(sample, "text"), vector(sample, "image")).flatten()
        return self.projection(normalize(products.sign() * products.abs().sqrt(), dim=0))


write(Path(__file__), case(Bilinear(), "plain.") | case(Pooled(), "normalized.", seed=3))
