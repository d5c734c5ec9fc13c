"""Early fusion of tokens: those of all modalities through one transformer, pooled by mean or by a class token."""

from pathlib import Path

import torch
from shared.blocks import HIDDEN, OUT, Tokens, blocks, run
from shared.fusion_case import case, write
from torch import nn


class TokenConcat(nn.Module):
    def __init__(self, cls):
        super().__init__()
        self.tokens = Tokens(missing_tokens=cls)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, HIDDEN)) if cls else None
        self.layers = blocks(2)
        self.norm = nn.LayerNorm(HIDDEN)
        self.head = nn.Linear(HIDDEN, OUT)

    def forward(self, sample):
        x = torch.cat(list(self.tokens(sample).values()))
        if self.cls_token is not None:
            x = torch.cat([self.cls_token[0], x])
        x = self.norm(run(self.layers, x))
        return self.head(x.mean(0) if self.cls_token is None else x[0])


write(Path(__file__), case(TokenConcat(False), "mean.") | case(TokenConcat(True), "cls.", seed=3))
