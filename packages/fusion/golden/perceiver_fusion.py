"""Latents that attend to the tokens of all modalities, then to one another, twice; weights shared or not."""

from pathlib import Path

import torch
from shared.blocks import HIDDEN, OUT, Attention, FeedForward, Tokens, blocks, run
from shared.fusion_case import NAMES, case, write
from torch import nn

LATENTS = 5


class Cross(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_norm1, self.layer_norm_source, self.layer_norm2 = (nn.LayerNorm(HIDDEN) for _ in range(3))
        self.cross_attn, self.mlp = Attention(), FeedForward()

    def forward(self, x, source):
        y, weights = self.cross_attn(self.layer_norm1(x), self.layer_norm_source(source))
        x = x + y
        return x + self.mlp(self.layer_norm2(x)), weights


class Perceiver(nn.Module):
    def __init__(self, shared, self_layers):
        super().__init__()
        times = 1 if shared else 2
        self.tokens = Tokens()
        self.latents = nn.Parameter(torch.zeros(1, LATENTS, HIDDEN))
        self.cross_layers = nn.ModuleList(Cross() for _ in range(times))
        self.self_layers = nn.ModuleList(blocks(self_layers) for _ in range(times))
        self.norm = nn.LayerNorm(HIDDEN)
        self.head = nn.Linear(HIDDEN, OUT)

    def forward(self, sample):
        tokens = self.tokens(sample)
        source, x = torch.cat(list(tokens.values())), self.latents[0]
        for i in range(2):
            x, weights = self.cross_layers[i % len(self.cross_layers)](x, source)
            x = run(self.self_layers[i % len(self.self_layers)], x)
        shares, start = torch.zeros(len(NAMES)), 0
        for name, part in tokens.items():
            shares[NAMES.index(name)] = weights[:, :, start : start + len(part)].sum(-1).mean()
            start += len(part)
        return self.head(self.norm(x).mean(0)), shares


write(Path(__file__), case(Perceiver(True, 1), "shared.") | case(Perceiver(False, 2), "own.", seed=3))
