"""Mid fusion: each modality through layers of its own, then all tokens through joint layers."""

from pathlib import Path

import torch
from shared.blocks import HIDDEN, OUT, Tokens, blocks, run
from shared.fusion_case import NAMES, case, write
from torch import nn


class Intermediate(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = Tokens()
        self.own_layers = nn.ModuleDict({name: blocks(1) for name in NAMES})
        self.joint_layers = blocks(2)
        self.norm = nn.LayerNorm(HIDDEN)
        self.head = nn.Linear(HIDDEN, OUT)

    def forward(self, sample):
        x = torch.cat([run(self.own_layers[name], x) for name, x in self.tokens(sample).items()])
        return self.head(self.norm(run(self.joint_layers, x)).mean(0))


write(Path(__file__), case(Intermediate()))
