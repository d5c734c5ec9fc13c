"""Layers of the references, of torch's own attention and norms, and the tokens of all modalities."""

import torch
import torch.nn.functional as F
from shared.fusion_case import DIMS, NAMES
from torch import nn

HIDDEN, HEADS, MLP, OUT = 8, 2, 10, 3


class Attention(nn.Module):
    """torch's multi-head attention, with projections under our names."""

    def __init__(self, hidden=HIDDEN, heads=HEADS, source=None):
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(hidden, hidden)
        self.k_proj = nn.Linear(source or hidden, hidden)
        self.v_proj = nn.Linear(source or hidden, hidden)
        self.out_proj = nn.Linear(hidden, hidden)

    def forward(self, x, source):
        """[queries, hidden] and [keys, source] of one sample to [queries, hidden] and [heads, queries, keys]."""
        y, weights = F.multi_head_attention_forward(
            x[:, None], source[:, None], source[:, None], x.shape[1], self.heads,
            None, torch.cat([self.q_proj.bias, self.k_proj.bias, self.v_proj.bias]), None, None, False, 0.0,
            self.out_proj.weight, self.out_proj.bias,
            use_separate_proj_weight=True, q_proj_weight=self.q_proj.weight, k_proj_weight=self.k_proj.weight,
            v_proj_weight=self.v_proj.weight, average_attn_weights=False,
        )
        return y[:, 0], weights[0]


class FeedForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(HIDDEN, MLP)
        self.fc2 = nn.Linear(MLP, HIDDEN)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """A transformer layer, normalised before each half."""

    def __init__(self):
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(HIDDEN)
        self.self_attn = Attention()
        self.layer_norm2 = nn.LayerNorm(HIDDEN)
        self.mlp = FeedForward()

    def forward(self, x):
        normed = self.layer_norm1(x)
        x = x + self.self_attn(normed, normed)[0]
        return x + self.mlp(self.layer_norm2(x))


def blocks(count):
    return nn.ModuleList(Block() for _ in range(count))


def run(layers, x):
    """Layers on the tokens [length, HIDDEN] of one sample."""
    for layer in layers:
        x = layer(x)
    return x


class Tokens(nn.Module):
    """Each modality projected and marked; one that is missing is left out, or is its token."""

    def __init__(self, missing_tokens=False):
        super().__init__()
        self.projections = nn.ModuleDict({name: nn.Linear(dim, HIDDEN) for name, dim in DIMS.items()})
        self.modality_embeddings = nn.Parameter(torch.zeros(len(NAMES), HIDDEN))
        self.missing_tokens = nn.Parameter(torch.zeros(len(NAMES), HIDDEN)) if missing_tokens else None

    def forward(self, sample):
        found = {}
        for i, name in enumerate(NAMES):
            if name in sample:
                found[name] = self.projections[name](sample[name]) + self.modality_embeddings[i]
            elif self.missing_tokens is not None:
                found[name] = self.missing_tokens[i][None]
        return found
