"""FiLM (Perez et al. 2018): image features scaled and shifted by text."""

from pathlib import Path

import torch
from shared.fusion_case import case, write
from torch import nn


class FiLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Linear(6, 3)
        self.generator = nn.Linear(5, 6)

    def forward(self, sample):
        features = self.features(sample["image"].mean(0)) if "image" in sample else torch.zeros(3)
        gamma, beta = self.generator(sample["text"].mean(0)).chunk(2)
        return (1 + gamma) * features + beta


class Reversed(nn.Module):
    """Text scaled and shifted by an image that may be missing."""

    def __init__(self):
        super().__init__()
        self.features = nn.Linear(5, 3)
        self.generator = nn.Linear(6, 6)

    def forward(self, sample):
        features = self.features(sample["text"].mean(0))
        if "image" not in sample:
            return features
        gamma, beta = self.generator(sample["image"].mean(0)).chunk(2)
        return features + gamma * features + beta


write(Path(__file__), case(FiLM(), "text.") | case(Reversed(), "image.", seed=3))
