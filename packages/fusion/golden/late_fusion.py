"""Late fusion: the modalities' probabilities averaged, weighted, voted and stacked."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, NAMES, case, write
from torch import nn

CLASSES = 4


class Late(nn.Module):
    def __init__(self):
        super().__init__()
        self.classifiers = nn.ModuleDict({name: nn.Linear(dim, CLASSES) for name, dim in DIMS.items()})

    def decide(self, sample):
        return {name: self.classifiers[name](x.mean(0)).softmax(-1) for name, x in sample.items()}

    def shares(self, sample):
        return torch.tensor([float(name in sample) for name in NAMES]) / len(sample)

    def mean(self, sample):
        return torch.stack(list(self.decide(sample).values())).mean(0)


class Average(Late):
    def forward(self, sample):
        return self.mean(sample).log(), self.shares(sample)


class Weighted(Late):
    def __init__(self):
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(len(NAMES)))

    def forward(self, sample):
        there = [i for i, name in enumerate(NAMES) if name in sample]
        shares = torch.zeros(len(NAMES)).index_put((torch.tensor(there),), self.scores[there].softmax(0))
        decisions = self.decide(sample)
        return sum(shares[i] * decisions[NAMES[i]] for i in there).log(), shares


class Voting(Late):
    def forward(self, sample):
        votes = torch.zeros(CLASSES)
        for probabilities in self.decide(sample).values():
            votes[probabilities.argmax()] += 1 / len(sample)
        return (0.999 * votes + 0.001 * self.mean(sample)).log(), self.shares(sample)


class Stacking(Late):
    def __init__(self):
        super().__init__()
        self.meta_learner = nn.Linear(len(NAMES) * CLASSES, CLASSES)

    def forward(self, sample):
        decisions, mean = self.decide(sample), self.mean(sample)
        return self.meta_learner(torch.cat([decisions.get(name, mean) for name in NAMES]))


voting = Voting()
write(
    Path(__file__),
    case(Average(), "average.")
    | case(Weighted(), "weighted.", seed=3)
    | case(voting, "voting.", seed=5, training=lambda sample: voting.mean(sample).log())
    | case(Stacking(), "stacking.", seed=7),
)
