"""Deep CCA (Andrew et al. 2013) by eigendecompositions in double precision, and the fusion of its views."""

from pathlib import Path

import torch
from shared.fusion_case import BATCH, DIMS, case, inputs, sample, write
from torch import nn


def inverse_root(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values**-0.5) @ vectors.T


def loss(h1, h2, r):
    """Of the samples in the rows, each with both views."""
    a, b = h1 - h1.mean(0), h2 - h2.mean(0)
    n = len(a) - 1
    s11 = a.T @ a / n + r * torch.eye(a.shape[1], dtype=a.dtype)
    s22 = b.T @ b / n + r * torch.eye(b.shape[1], dtype=a.dtype)
    t = inverse_root(s11) @ (a.T @ b / n) @ inverse_root(s22)
    square = t @ t.T if t.shape[0] <= t.shape[1] else t.T @ t
    return -torch.linalg.eigvalsh(square).sqrt().sum()


out = {}
generator = torch.Generator().manual_seed(5)
for name, batch, dim1, dim2, r in [("wide.", 20, 3, 5, 1e-3), ("tall.", 12, 6, 4, 1e-1), ("square.", 40, 4, 4, 1e-4)]:
    shared = torch.randn(batch, 3, generator=generator)
    make = lambda dim: torch.tanh(shared @ torch.randn(3, dim, generator=generator)) + 0.3 * torch.randn(
        batch, dim, generator=generator
    )
    view1, view2 = make(dim1).requires_grad_(), make(dim2).requires_grad_()
    mask = torch.ones(batch)
    mask[[1, 4]] = 0
    all_, some = (loss(view1[m].double(), view2[m].double(), r) for m in (mask >= 0, mask > 0))
    grad1, grad2 = torch.autograd.grad(all_, [view1, view2])
    some1, some2 = torch.autograd.grad(some, [view1, view2])
    arrays = {"view1": view1, "view2": view2, "mask": mask, "regularization": torch.tensor([r])}
    arrays |= {"loss": all_[None].float(), "grad1": grad1, "grad2": grad2}
    arrays |= {"masked.loss": some[None].float(), "masked.grad1": some1, "masked.grad2": some2}
    out |= {name + key: value.detach() for key, value in arrays.items()}


class DeepCCA(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.ModuleDict({name: nn.Linear(DIMS[name], 8) for name in ("text", "image")})
        self.fc2 = nn.ModuleDict({name: nn.Linear(8, 3) for name in ("text", "image")})

    def view(self, found, name):
        return self.fc2[name](nn.functional.gelu(self.fc1[name](found[name].mean(0))))

    def forward(self, found):
        return torch.stack([self.view(found, name) for name in ("text", "image") if name in found]).mean(0)


model = DeepCCA()
out |= case(model, "fusion.")
features, masks = inputs()
samples = [sample(features, masks, i) for i in range(BATCH)]
text, image = (torch.stack([model.view(s, n) for s in samples if "image" in s]) for n in ("text", "image"))
out["fusion.auxiliary"] = 0.5 * loss(text.double(), image.double(), 0.1)[None].float().detach()
write(Path(__file__), out)
