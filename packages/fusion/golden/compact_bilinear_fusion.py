"""MCB (Fukui et al. 2016): count sketches multiplied in the Fourier domain."""

from pathlib import Path

import torch
from shared.fusion_case import DIMS, case, write
from torch import nn

SKETCH = 24


class CountSketch(nn.Module):
    def __init__(self, dim, generator):
        super().__init__()
        self.register_buffer("places", torch.randint(0, SKETCH, (dim,), generator=generator))
        self.register_buffer("signs", 2.0 * torch.randint(0, 2, (dim,), generator=generator) - 1)

    def forward(self, x):
        return torch.zeros(SKETCH).index_add(0, self.places, x * self.signs)


class MCB(nn.Module):
    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.sketches = nn.ModuleDict({name: CountSketch(dim, generator) for name, dim in DIMS.items()})
        self.projection = nn.Linear(SKETCH, 3)

    def forward(self, sample):
        # In double precision, since the root makes much of rounding errors where no product falls.
        spectra = [torch.fft.rfft(self.sketches[name](x.mean(0)).double()) for name, x in sample.items()]
        product = torch.fft.irfft(torch.stack(spectra).prod(0), n=SKETCH)
        rooted = product / torch.sqrt(product.abs() + 1e-8)
        return self.projection(nn.functional.normalize(rooted, dim=0).float())


write(Path(__file__), case(MCB()))
