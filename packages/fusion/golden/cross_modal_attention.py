"""torch's multi-head attention to vectors of another size, each sample by itself and without padding."""

from pathlib import Path

import torch
from shared.blocks import Attention
from shared.fusion_case import randomize, write

generator = torch.Generator().manual_seed(3)
x, source = torch.randn(3, 4, 6, generator=generator), torch.randn(3, 5, 7, generator=generator)
mask = torch.tensor([[1, 1, 1, 1, 1], [0, 1, 1, 0, 1], [0, 0, 0, 0, 0]])
dy = torch.randn(3, 4, 6, generator=generator)
attention = randomize(Attention(6, 2, 7))
x.requires_grad_()
outputs, weights = torch.zeros(3, 4, 6), torch.zeros(3, 2, 4, 5)  # a sample with nothing to see stays zero
for i in range(2):
    there = mask[i].bool()
    y, w = attention(x[i], source[i][there])
    outputs = outputs.index_put((torch.tensor(i),), y)
    weights[i, :, :, there] = w
(outputs * dy).sum().backward()
arrays = {"x": x, "source": source, "mask": mask.float(), "dy": dy, "output": outputs, "weights": weights}
arrays |= {f"state.{name}": p for name, p in attention.named_parameters()} | {"dx": x.grad}
arrays |= {f"grad.{name}": p.grad for name, p in attention.named_parameters()}
write(Path(__file__), {name: array.detach().contiguous() for name, array in arrays.items()})
