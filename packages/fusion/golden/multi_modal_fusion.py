"""Co-attention of three modalities: each to itself, then to all others, then an MLP; all from the same state."""

from pathlib import Path

import torch
from shared.blocks import HIDDEN, OUT, Attention, FeedForward, Tokens
from shared.fusion_case import NAMES, case, write
from torch import nn


class CoAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_norm1, self.layer_norm2, self.layer_norm3 = (nn.LayerNorm(HIDDEN) for _ in range(3))
        self.self_attn, self.cross_attn, self.mlp = Attention(), Attention(), FeedForward()


class MultiModal(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = Tokens()
        self.layers = nn.ModuleList(nn.ModuleDict({name: CoAttention() for name in NAMES}) for _ in range(2))
        self.norms = nn.ModuleDict({name: nn.LayerNorm(HIDDEN) for name in NAMES})
        self.head = nn.Linear(len(NAMES) * HIDDEN, OUT)

    def forward(self, sample):
        states = self.tokens(sample)
        for layer in self.layers:
            own, shown, after = {}, {}, {}
            for name, x in states.items():
                normed = layer[name].layer_norm1(x)
                own[name] = x + layer[name].self_attn(normed, normed)[0]
                shown[name] = layer[name].layer_norm2(own[name])
            for name, x in own.items():
                others = [shown[other] for other in own if other != name]
                if others:
                    x = x + layer[name].cross_attn(shown[name], torch.cat(others))[0]
                after[name] = x + layer[name].mlp(layer[name].layer_norm3(x))
            states = after
        parts = [self.norms[n](states[n]).mean(0) if n in states else torch.zeros(HIDDEN) for n in NAMES]
        return self.head(torch.cat(parts))


write(Path(__file__), case(MultiModal()))
