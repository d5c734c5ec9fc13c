"""Bottleneck tokens that streams of their own layers exchange from the second of three layers on, averaged."""

from pathlib import Path

import torch
from shared.blocks import HIDDEN, OUT, Tokens, blocks
from shared.fusion_case import NAMES, case, write
from torch import nn

LAYERS, FUSION_LAYER, BOTTLENECKS = 3, 1, 2


class Bottleneck(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = Tokens()
        self.cls_tokens = nn.Parameter(torch.zeros(len(NAMES), HIDDEN))
        self.bottleneck_tokens = nn.Parameter(torch.zeros(1, BOTTLENECKS, HIDDEN))
        self.layers = nn.ModuleDict({name: blocks(LAYERS) for name in NAMES})
        self.norm = nn.LayerNorm(HIDDEN)
        self.head = nn.Linear(HIDDEN, OUT)

    def forward(self, sample):
        streams = {
            name: torch.cat([self.cls_tokens[NAMES.index(name)][None], x]) for name, x in self.tokens(sample).items()
        }
        shared = self.bottleneck_tokens[0]
        for i in range(LAYERS):
            if i < FUSION_LAYER:
                streams = {name: self.layers[name][i](x) for name, x in streams.items()}
                continue
            mixed = {name: self.layers[name][i](torch.cat([x, shared])) for name, x in streams.items()}
            streams = {name: x[:-BOTTLENECKS] for name, x in mixed.items()}
            shared = torch.stack([x[-BOTTLENECKS:] for x in mixed.values()]).mean(0)
        return torch.stack([self.head(self.norm(x[0])) for x in streams.values()]).mean(0)


write(Path(__file__), case(Bottleneck()))
